package compare

import (
	"testing"

	"govern/fit"
)

func TestABudgetEndsWithoutGainAtTheSmallestDefects(t *testing.T) {
	for _, budget := range []int{1, 48, 200} {
		all := stages(budget)
		spent, measured := 0, 0
		for k, s := range all {
			spent += s.steps
			if s.measure {
				measured++
			}
			if k > 0 && (s.omega > 1.001*all[k-1].omega || gainLadder[s.rung] > gainLadder[all[k-1].rung]) {
				t.Errorf("budget %d: stage %d loosens", budget, k)
			}
		}
		if spent > max(budget, len(all)) || 10*spent < 8*budget {
			t.Errorf("budget %d: %d steps", budget, spent)
		}
		last := all[len(all)-1]
		if !last.measure || measured < 3 || gainLadder[last.rung] != 0 || last.omega > 1.02*fit.OmegaEnd {
			t.Errorf("budget %d ends with %+v, measured %d times", budget, last, measured)
		}
	}
}
