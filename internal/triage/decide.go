package triage

// classify returns the probability of each class.
func (v *view) classify() [classCount]float64 {
	return softmax(v.ruleScores(), ruleTemperature)
}

// threshold is the confidence below which a class is not claimed. It is high where a wrong claim hurts.
func threshold(class int) float64 {
	switch class {
	case cRejection, cOffer:
		return 0.75
	case cInterview, cAssessment, cConfirmation, cRequest:
		return 0.55
	case cOther:
		return 0.3
	}
	return 0.4
}

// unwanted estimates the probability that nobody asked for this mail.
func (v *view) unwanted(risk int) float64 {
	x := -4.0 + float64(risk)/12
	x += 0.12 * min(30, v.sums[gSpamGoods]+v.sums[gPrize]+v.sums[gAdvanceFee]+v.sums[gExtortion])
	if v.flags.list && v.flags.reply || v.flags.known || v.flags.fromOwner {
		x -= 4
	}
	if v.flags.reply {
		x--
	}
	return logistic(x)
}
