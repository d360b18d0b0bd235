package run

import (
	"bufio"
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
)

// Trajectories are trajectories.csv: what was measured beside what the model
// does, nudged and free-running.
type Trajectories struct {
	Entries []Track
}

// Track is one entry.
type Track struct {
	Entry    string
	Time     []float64
	Channels []TrackChannel
}

// TrackChannel is one channel of a track. The series are as long as Time, NaN
// where there is no value, or nil.
type TrackChannel struct {
	Name               string
	Data, Nudged, Free []float64
}

// Write writes trajectories as CSV: entry, t, then for each channel, in order
// of first appearance, NAME_data, NAME_nudged, NAME_free. Missing values are
// empty cells.
func (t *Trajectories) Write(w io.Writer) error {
	var columns []string
	for _, track := range t.Entries {
		for _, c := range track.Channels {
			if !slices.Contains(columns, c.Name) {
				columns = append(columns, c.Name)
			}
		}
	}
	record := []string{"entry", "t"}
	for _, c := range columns {
		record = append(record, c+"_data", c+"_nudged", c+"_free")
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffered)
	if err := out.Write(record); err != nil {
		return err
	}
	for _, track := range t.Entries {
		channels := make([]TrackChannel, len(columns)) // zero: not in this entry
		for _, c := range track.Channels {
			channels[slices.Index(columns, c.Name)] = c
		}
		for i, time := range track.Time {
			record = append(record[:0], track.Entry, formatCell(time))
			for _, c := range channels {
				record = append(record, cell(c.Data, i), cell(c.Nudged, i), cell(c.Free, i))
			}
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

func cell(v []float64, i int) string {
	if i >= len(v) {
		return ""
	}
	return formatCell(v[i])
}

// formatCell writes the shortest digits that read back; nothing for NaN.
func formatCell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
