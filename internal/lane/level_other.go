//go:build !amd64

package lane

func tables() []*Table { return []*Table{Pure()} }
