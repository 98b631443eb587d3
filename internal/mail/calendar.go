package mail

func (p *parser) calendar(data []byte, charset, method string) {}
