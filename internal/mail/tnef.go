package mail

func isTNEF(contentType, name string, data []byte) bool { return false }
func (p *parser) tnef(data []byte) bool                 { return false }
