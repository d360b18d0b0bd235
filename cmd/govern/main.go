// Command govern discovers the governing equations of chaotic and neural
// dynamics from time series and partly known equations.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	ctx, stop := interruptible(os.Stderr)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: &checkedWriter{w: stdout}, stderr: stderr}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = &usageError{err} // cobra refused the command line before any command ran
	}
	if err == nil {
		err = a.stdout.err
	}
	return complain(stderr, err)
}

// checkedWriter remembers the first error, so that commands may print freely
// and a full disk behind stdout is still noticed.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	if err != nil {
		c.err = &outputError{err}
	}
	return n, c.err
}
