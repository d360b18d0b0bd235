package gauge

import (
	"maps"
	"slices"
)

// subspace is a space of coefficients by a basis. At first every coefficient is free;
// vectors that no condition has touched are single coefficients.
type subspace struct {
	vectors map[int]vector // by number
	holding []map[int]bool // of every coefficient: the vectors that hold it
	last    int            // number
}

// vector holds some coefficients, in order.
type vector struct {
	at    []int
	value []float64
}

func newSubspace(width int) *subspace {
	s := &subspace{vectors: map[int]vector{}, holding: make([]map[int]bool, width), last: width - 1}
	for i := range width {
		s.vectors[i] = vector{[]int{i}, []float64{1}}
		s.holding[i] = map[int]bool{i: true}
	}
	return s
}

// active are the vectors that hold one of the coefficients, in order.
func (s *subspace) active(columns []int) []int {
	found := map[int]bool{}
	for _, c := range columns {
		for v := range s.holding[c] {
			found[v] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// live says which coefficients some of the vectors hold.
func (s *subspace) live(vectors []int) []bool {
	out := make([]bool, len(s.holding))
	for _, v := range vectors {
		for _, c := range s.vectors[v].at {
			out[c] = true
		}
	}
	return out
}

// dot is the product of a vector and a row.
func (s *subspace) dot(number int, row []float64) float64 {
	v := s.vectors[number]
	sum := 0.0
	for k, c := range v.at {
		sum += v.value[k] * row[c]
	}
	return sum
}

// replace puts combinations of vectors in their place.
func (s *subspace) replace(vectors []int, combinations [][]float64) {
	var made []vector
	for _, weights := range combinations {
		sum := map[int]float64{}
		for k, number := range vectors {
			v := s.vectors[number]
			for i, c := range v.at {
				sum[c] += weights[k] * v.value[i]
			}
		}
		out := vector{at: slices.Sorted(maps.Keys(sum))}
		for _, c := range out.at {
			out.value = append(out.value, sum[c])
		}
		made = append(made, out)
	}
	for _, number := range vectors {
		for _, c := range s.vectors[number].at {
			delete(s.holding[c], number)
		}
		delete(s.vectors, number)
	}
	for _, v := range made {
		s.last++
		s.vectors[s.last] = v
		for _, c := range v.at {
			s.holding[c][s.last] = true
		}
	}
}

// dense is the basis, a row a vector.
func (s *subspace) dense() [][]float64 {
	var out [][]float64
	for _, number := range slices.Sorted(maps.Keys(s.vectors)) {
		row := make([]float64, len(s.holding))
		for k, c := range s.vectors[number].at {
			row[c] = s.vectors[number].value[k]
		}
		out = append(out, row)
	}
	return out
}
