// Package cache keeps the results of measuring programs: one JSON object a line,
// added as soon as a run ends, so that an interrupted program goes on where it
// stopped and tables are written again without measuring anything.
package cache

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// longest is the length in bytes that a line may have.
const longest = 1 << 20

// Read returns the records of a file in the order in which they were added, none
// where there is no file. Fields that a line does not name have blank's values;
// blank is copied, so it must hold no maps, slices or pointers.
func Read[T any](path string, blank T) ([]T, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []T
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longest)
	for n := 1; lines.Scan(); n++ {
		r := blank
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		records = append(records, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, len(records)+1, err)
	}
	return records, nil
}

// Add appends a record to a file, which it makes where there is none.
func Add[T any](path string, record T) error {
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
