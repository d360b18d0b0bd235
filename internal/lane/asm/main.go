// Command asm writes the assembly of package lane: kernels_amd64.s and its
// declarations, for AVX2 and AVX-512. It lives in a module of its own, so that
// govern builds without avo:
//
//	go generate ./internal/lane
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	for _, l := range levels {
		for _, k := range elementwiseKernels() {
			k.emit(l)
		}
		affine(l)
		weightGradient(l)
		reflect(l)
		rowsKernel(l, "accumulateRows", "dst += a·b, a repeated over rows", []string{"dst", "a", "b"}, false)
		rowsKernel(l, "combineRows", "dst = x + c·a·b, a repeated over rows", []string{"dst", "x", "a", "b"}, true)
	}
	writePool()
	writeMasks()
	Generate()
}
