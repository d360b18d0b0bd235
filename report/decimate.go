package report

import "math"

// envelope thins a curve over time for a screen: of every run of points that
// fall into one bucket of the given width (pixels) it keeps the first, the
// lowest, the highest and the last, so that no excursion is lost. Points must
// come with increasing x.
func envelope(points []point, width float64) []point {
	var kept []point
	for i := 0; i < len(points); {
		if points[i].gap() {
			kept = append(kept, points[i])
			i++
			for i < len(points) && points[i].gap() { // one gap is enough
				i++
			}
			continue
		}
		bucket := math.Floor(points[i].x / width)
		end, low, high := i, i, i
		for end < len(points) && !points[end].gap() && math.Floor(points[end].x/width) == bucket {
			if points[end].y < points[low].y {
				low = end
			}
			if points[end].y > points[high].y {
				high = end
			}
			end++
		}
		if end-i <= 4 {
			kept = append(kept, points[i:end]...)
		} else {
			last := -1
			for _, k := range [...]int{i, min(low, high), max(low, high), end - 1} {
				if k != last {
					kept = append(kept, points[k])
				}
				last = k
			}
		}
		i = end
	}
	return kept
}

// straighten thins a curve in the plane: it leaves out points that are closer
// than tolerance (pixels) to the chord of their neighbours. When more than limit
// points are left the tolerance is doubled; a curve that stays too long is cut.
func straighten(points []point, tolerance float64, limit int) []point {
	for range 6 {
		kept := chords(points, tolerance)
		if len(kept) <= limit {
			return kept
		}
		tolerance *= 2
	}
	return chords(points, tolerance)[:limit]
}

// chords is one pass of the opening-window method: from the last point kept, the
// chord is drawn on as long as every point below it stays within tolerance.
// Windows are bounded, so the cost is linear in the points.
func chords(points []point, tolerance float64) []point {
	const window = 64
	var kept []point
	for i := 0; i < len(points); {
		kept = append(kept, points[i])
		if points[i].gap() {
			i++
			for i < len(points) && points[i].gap() {
				i++
			}
			continue
		}
		next := i + 1
		for next+1 < len(points) && next+1-i < window && !points[next].gap() && !points[next+1].gap() &&
			within(points[i:next+2], tolerance) {
			next++
		}
		i = next
	}
	return kept
}

// within says whether all points are closer than tolerance to the segment from
// the first to the last.
func within(points []point, tolerance float64) bool {
	a, b := points[0], points[len(points)-1]
	dx, dy := b.x-a.x, b.y-a.y
	square := dx*dx + dy*dy
	for _, p := range points[1 : len(points)-1] {
		along := 0.0
		if square > 0 {
			along = min(1, max(0, ((p.x-a.x)*dx+(p.y-a.y)*dy)/square))
		}
		ex, ey := p.x-a.x-along*dx, p.y-a.y-along*dy
		if ex*ex+ey*ey > tolerance*tolerance {
			return false
		}
	}
	return true
}
