package onnx

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// apiVersion is that of the table of functions below; a library that is as new or newer has it.
const apiVersion = 18

// Places of the functions in OrtApi (onnxruntime_c_api.h). The table only ever grows at its end.
const (
	getErrorMessage       = 2
	createEnv             = 3
	createSession         = 7
	run                   = 9
	createSessionOptions  = 10
	disableMemPattern     = 17
	disableCPUMemArena    = 19
	setOptimizationLevel  = 23
	setIntraOpThreads     = 24
	setInterOpThreads     = 25
	createTensorWithData  = 49
	getTensorData         = 51
	getDimensionsCount    = 61
	getDimensions         = 62
	getTensorTypeAndShape = 65
	createCPUMemoryInfo   = 69
	releaseStatus         = 93
	releaseSession        = 95
	releaseValue          = 96
	releaseTensorInfo     = 99
	releaseSessionOptions = 100
	addSessionConfigEntry = 130

	tableSize = 131
)

const (
	logErrors    = 3 // ORT_LOGGING_LEVEL_ERROR
	optimiseAll  = 99
	elementInt64 = 7 // ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
	arena        = 1 // OrtArenaAllocator
	memDefault   = 0 // OrtMemTypeDefault
)

// A library is libonnxruntime with what it needs once a process.
type library struct {
	table  *[tableSize]uintptr
	env    uintptr
	memory uintptr
}

// opened remembers the library by its path: it cannot be unloaded, and its environment exists once.
type opened struct {
	mu     sync.Mutex
	byPath map[string]*library
}

func (o *opened) open(path string) (*library, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.byPath[path]; l != nil {
		return l, nil
	}
	l, err := load(path)
	if err != nil {
		return nil, err
	}
	if o.byPath == nil {
		o.byPath = map[string]*library{}
	}
	o.byPath[path] = l
	return l, nil
}

func load(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load the ONNX runtime: %w", err)
	}
	base, err := purego.Dlsym(handle, "OrtGetApiBase")
	if err != nil {
		return nil, fmt.Errorf("load the ONNX runtime: %w", err)
	}
	first, _, _ := purego.SyscallN(base)
	if first == 0 {
		return nil, errors.New("load the ONNX runtime: it has no interface")
	}
	table, _, _ := purego.SyscallN(*(*uintptr)(pointer(first)), apiVersion)
	if table == 0 {
		return nil, errors.New("load the ONNX runtime: it is older than this program wants")
	}
	l := &library{table: (*[tableSize]uintptr)(pointer(table))}
	var pins runtime.Pinner
	defer pins.Unpin()
	name := text(&pins, "applylens")
	if err := l.call(createEnv, logErrors, name, out(&pins, &l.env)); err != nil {
		return nil, err
	}
	return l, l.call(createCPUMemoryInfo, arena, memDefault, out(&pins, &l.memory))
}

// call calls a function that returns a status.
func (l *library) call(place int, args ...uintptr) error {
	status, _, _ := purego.SyscallN(l.table[place], args...)
	if status == 0 {
		return nil
	}
	message, _, _ := purego.SyscallN(l.table[getErrorMessage], status)
	err := errors.New("onnx: " + goString(message))
	l.free(releaseStatus, status)
	return err
}

// free gives back what C made.
func (l *library) free(place int, what uintptr) {
	if what != 0 {
		purego.SyscallN(l.table[place], what)
	}
}

// pointer makes a pointer of an address in C's memory. The detour keeps vet from taking it for one of Go's.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// out is where C writes a handle to. What C sees is pinned: Go may move a stack, and what lies on it, at any call.
func out(pins *runtime.Pinner, to *uintptr) uintptr {
	pins.Pin(to)
	return uintptr(unsafe.Pointer(to))
}

// text is a pinned C string.
func text(pins *runtime.Pinner, s string) uintptr {
	b := append([]byte(s), 0)
	pins.Pin(&b[0])
	return uintptr(unsafe.Pointer(&b[0]))
}

// first is a pinned array.
func first[T any](pins *runtime.Pinner, all []T) uintptr {
	pins.Pin(&all[0])
	return uintptr(unsafe.Pointer(&all[0]))
}

func goString(address uintptr) string {
	if address == 0 {
		return ""
	}
	start, n := (*byte)(pointer(address)), 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(start), n)) != 0 && n < 4096 {
		n++
	}
	return string(unsafe.Slice(start, n))
}
