package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// refused holds the networks that are not the public internet (IANA special-purpose registries for IPv4 and IPv6).
// Cloud metadata addresses lie in them: 169.254.169.254, 100.100.100.200, fd00:ec2::254; 168.63.129.16 and 192.0.0.192
// stand on their own.
var refused = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.31.196.0/24"), netip.MustParsePrefix("192.52.193.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("192.175.48.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	// Inside the global unicast block of IPv6: protocol assignments with Teredo, documentation, 6to4, AS112, SRv6.
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2620:4f:8000::/48"), netip.MustParsePrefix("3fff::/20"),
}

// globalUnicast is the only part of IPv6 that is given out. Loopback, link-local, unique local, multicast, mapped and
// translated (64:ff9b::/96, 64:ff9b:1::/48) addresses lie outside.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// Public reports whether an address belongs to the public internet.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is6() && !globalUnicast.Contains(a) {
		return false
	}
	for _, p := range refused {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// checkURL refuses what need not be looked up.
func (c *Client) checkURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return &Error{ErrURL, fmt.Errorf("scheme %q", u.Scheme)}
	}
	host := u.Hostname()
	if host == "" || u.User != nil || u.Opaque != "" {
		return &Error{ErrURL, fmt.Errorf("host %q", u.Host)}
	}
	if p := u.Port(); p != "" && p != "80" && p != "443" && c.opt.Allow == nil {
		return &Error{ErrURL, fmt.Errorf("port %s", p)}
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return c.checkAddr(netip.AddrPortFrom(addr, portOf(u)))
	}
	return checkName(host)
}

// checkName refuses names of local networks, and numbers that some resolvers take for an address: 2130706433, 0x7f.1,
// 0177.0.0.1.
func checkName(host string) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || last == host || last[0] >= '0' && last[0] <= '9' {
		return &Error{ErrAddress, fmt.Errorf("host %q", host)}
	}
	switch last {
	case "localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "test", "invalid":
		return &Error{ErrAddress, fmt.Errorf("host %q", host)}
	}
	return nil
}

// checkAddr refuses an address outside the public internet and, again, ports other than 80 and 443.
func (c *Client) checkAddr(a netip.AddrPort) error {
	if Public(a.Addr()) && (a.Port() == 80 || a.Port() == 443) {
		return nil
	}
	if c.opt.Allow != nil && c.opt.Allow(netip.AddrPortFrom(a.Addr(), a.Port())) {
		return nil
	}
	return &Error{ErrAddress, fmt.Errorf("address %s", a)}
}

func portOf(u *url.URL) uint16 {
	if p := u.Port(); p != "" {
		if a, err := netip.ParseAddrPort("0.0.0.0:" + p); err == nil {
			return a.Port()
		}
		return 0
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// dial looks the host up and connects to the first address that passes the guard.
func (c *Client) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, &Error{ErrURL, err}
	}
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else if addrs, err = c.opt.Resolve(ctx, host); err != nil {
		return nil, &Error{ErrNetwork, err}
	}
	d := net.Dialer{Timeout: 5 * time.Second, ControlContext: c.control}
	err = &Error{ErrNetwork, fmt.Errorf("no address for %q", host)}
	for _, a := range addrs {
		conn, dialErr := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if dialErr == nil {
			return conn, nil
		}
		err = dialErr
	}
	return nil, err
}

// control is called by the dialer with the very address that is about to be connected to.
func (c *Client) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return &Error{ErrAddress, fmt.Errorf("network %s", network)}
	}
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return &Error{ErrAddress, err}
	}
	return c.checkAddr(a)
}
