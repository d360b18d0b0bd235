package record

import "testing"

func TestClonedChannelsLeaveTheOriginals(t *testing.T) {
	entries := []Entry{{Channels: []Channel{{Column: "x", Values: []float64{1, 2}}}}}
	c := CloneChannels(entries)
	c[0].Name, c[0].Channels[0].Level = "other", 1
	if entries[0].Name != "" || entries[0].Channels[0].Level != 0 {
		t.Errorf("%+v", entries)
	}
	if &c[0].Channels[0].Values[0] != &entries[0].Channels[0].Values[0] {
		t.Error("values are copied")
	}
}
