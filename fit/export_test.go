package fit

import "context"

// Stream is stream, for records that are short enough to be fitted whole too.
func Stream(e *Engine, start *Fitted, schedule Schedule) (*Fitted, error) {
	return e.stream(context.Background(), "stream", start, schedule)
}
