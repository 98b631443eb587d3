package slo

// A Point is a stretch of a series as a chart draws it.
type Point struct {
	Until        Minute   `json:"until"` // the last minute in it
	Good         int64    `json:"good"`
	Total        int64    `json:"total"`
	CostMicroUSD int64    `json:"cost_microusd"`
	Measured     int64    `json:"measured"`  // minutes; 0 is a hole in the line
	Remaining    *float64 `json:"remaining"` // of the budget of the period that ends here; null when nothing happened in it
}

// Points cuts the minutes after from, up to and with until, into at most n stretches of one length; the last may be
// shorter. The series should reach one period further back than from, else the first budgets are those of less.
func (s *Series) Points(p Period, from, until Minute, n int) []Point {
	span := int64(until - from)
	if span <= 0 || n <= 0 {
		return []Point{}
	}
	step := (span + int64(n) - 1) / int64(n)
	points := make([]Point, 0, n)
	for end := from; end < until; {
		begin := end
		end = min(end+Minute(step), until)
		sums := s.Over(end, int64(end-begin))
		points = append(points, Point{end, sums.Good, sums.Total, sums.CostMicroUSD, sums.Measured, remaining(s.Period(p, end))})
	}
	return points
}
