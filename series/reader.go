package series

import "io"

// Reader reads the files of one format.
type Reader interface {
	// Name of the format, as it stands in a sentence: "a text table".
	Name() string
	// Endings are those of its files, in lower case, with the dot.
	Endings() []string
	// Holds says that a file of the format may begin with these bytes.
	Holds(head []byte) bool
	// Read reads what is wanted of a file of that size; name is the file in
	// messages. Every error is a *DataError.
	Read(file io.ReaderAt, size int64, name string, want Want) (*Series, error)
}

// Want says what to read of a file. The zero value reads every column, the first of
// them as the time.
type Want struct {
	Time     TimeSpec
	Columns  []string // must be there
	Optional []string // are read where they are there
}

// TimeSpec says when the samples were taken.
type TimeSpec struct {
	Column string  // of the times; "": the first one
	Unit   string  // of the times; "": what the header says, if anything
	Rate   float64 // samples a Unit, from time 0, in place of a column of times; 0: there is a column
}
