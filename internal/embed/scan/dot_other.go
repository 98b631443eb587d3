//go:build !amd64

package scan

// dot is the sum of the products of the components, whose number is a multiple of Width.
func dot(q []int16, v []int8) int32 { return plain(q, v) }
