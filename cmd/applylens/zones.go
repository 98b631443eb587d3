package main

import _ "time/tzdata" // time zones also where the system has none
