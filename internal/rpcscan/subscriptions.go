package rpcscan

// maxSubscriptions is how many resources one subscriptions/listen may name,
// each of which a policy has to judge.
const maxSubscriptions = 1024

// ResourceSubscriptions returns the URIs of the resources that a
// subscriptions/listen message asks to hear of (MCP 2026-07-28,
// params.notifications.resourceSubscriptions), decoded, in their order. It
// refuses the same ambiguities as Scan, a null or any other value that isn't an
// array of strings, and more than 1024 URIs. Its error is an *Error, whose
// offset counts from the start of Notifications.
func (m *Message) ResourceSubscriptions() ([]string, error) {
	if m.Notifications == nil {
		return nil, nil
	}
	s := scanner{data: m.Notifications}
	o := object{s: &s, names: notificationsNames}
	var uris []string
	i := o.first(0)
	for ; i >= 0 && !o.done; i = o.next(i) {
		if o.name == "resourceSubscriptions" {
			i, uris = s.strings(i)
		} else {
			i = s.skip(i, 1)
		}
	}
	if i < 0 {
		return nil, s.err()
	}
	return uris, nil
}

// SubscribesToTasks reports whether the message names tasks to hear of (SEP-2663,
// params.notifications.taskIds). Ambiguities are for ResourceSubscriptions to refuse.
func (m *Message) SubscribesToTasks() bool {
	s := scanner{data: m.Notifications}
	o := object{s: &s, names: notificationsNames}
	for i := o.first(0); i >= 0 && !o.done; i = o.next(s.skip(i, 1)) {
		if o.name == "taskIds" {
			return true
		}
	}
	return false
}

// strings decodes the array of strings at i.
func (s *scanner) strings(i int) (end int, list []string) {
	if s.peek(i) != '[' {
		return s.mistyped(i), nil
	}
	if i = s.space(i + 1); s.peek(i) == ']' {
		return i + 1, nil
	}
	for {
		if len(list) == maxSubscriptions {
			return s.fail(Limit, i), nil
		}
		var decoded []byte
		if i, decoded = s.characters(i); i < 0 {
			return -1, nil
		}
		list = append(list, string(decoded))
		i = s.space(i)
		switch s.peek(i) {
		case ',':
			i = s.space(i + 1)
		case ']':
			return i + 1, list
		default:
			return s.unexpected(i), nil
		}
	}
}
