package onnx

import (
	"errors"
	"runtime"
	"unsafe"
)

// A session is a model that is ready to run. It may run for several callers at once.
type session struct {
	lib    *library
	handle uintptr
}

func (l *library) session(path string, threads int) (_ *session, err error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	var options uintptr
	if err := l.call(createSessionOptions, out(&pins, &options)); err != nil {
		return nil, err
	}
	defer l.free(releaseSessionOptions, options)
	key, off := text(&pins, "session.intra_op.allow_spinning"), text(&pins, "0") // a thread that waits must not burn a core
	for _, c := range [...][]uintptr{
		{setIntraOpThreads, uintptr(threads)}, {setInterOpThreads, 1}, {setOptimizationLevel, optimiseAll},
		{disableMemPattern}, {disableCPUMemArena}, // texts differ in length: both would only keep memory
	} {
		if err := l.call(int(c[0]), append([]uintptr{options}, c[1:]...)...); err != nil {
			return nil, err
		}
	}
	if err := l.call(addSessionConfigEntry, options, key, off); err != nil {
		return nil, err
	}
	s := &session{lib: l}
	if err := l.call(createSession, l.env, text(&pins, path), options, out(&pins, &s.handle)); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *session) close() { s.lib.free(releaseSession, s.handle) }

// run gives a model rows of tokens, all of one length, and returns the vectors of the tokens of all rows, and how
// long one is. Where mask is 0 a token only fills up its row.
func (s *session) run(ids, mask []int64, rows int) (states []float32, dims int, err error) {
	l := s.lib
	var pins runtime.Pinner
	defer pins.Unpin()
	shape := []int64{int64(rows), int64(len(ids) / rows)}
	inputs := make([]uintptr, 3)
	defer func() {
		for _, in := range inputs {
			l.free(releaseValue, in)
		}
	}()
	for i, data := range [...][]int64{ids, mask, make([]int64, len(ids))} {
		err := l.call(createTensorWithData, l.memory, first(&pins, data), uintptr(8*len(data)), first(&pins, shape), 2, elementInt64, out(&pins, &inputs[i]))
		if err != nil {
			return nil, 0, err
		}
	}
	names := []uintptr{text(&pins, "input_ids"), text(&pins, "attention_mask"), text(&pins, "token_type_ids")}
	results, wanted := []uintptr{0}, []uintptr{text(&pins, "last_hidden_state")}
	err = l.call(run, s.handle, 0, first(&pins, names), first(&pins, inputs), 3, first(&pins, wanted), 1, first(&pins, results))
	if err != nil {
		return nil, 0, err
	}
	defer l.free(releaseValue, results[0])
	return l.floats(results[0], len(ids))
}

// floats copies a tensor of [rows, tokens, dims] numbers.
func (l *library) floats(value uintptr, tokens int) (all []float32, dims int, err error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	var info, data, n uintptr
	if err := l.call(getTensorTypeAndShape, value, out(&pins, &info)); err != nil {
		return nil, 0, err
	}
	defer l.free(releaseTensorInfo, info)
	if err := l.call(getDimensionsCount, info, out(&pins, &n)); err != nil {
		return nil, 0, err
	}
	if n != 3 {
		return nil, 0, errors.New("onnx: the model gives no vector for each token")
	}
	shape := make([]int64, 3)
	if err := l.call(getDimensions, info, first(&pins, shape), 3); err != nil {
		return nil, 0, err
	}
	if shape[0]*shape[1] != int64(tokens) || shape[2] <= 0 || shape[2] > 4096 {
		return nil, 0, errors.New("onnx: the model's answer has another shape than its question")
	}
	if err := l.call(getTensorData, value, out(&pins, &data)); err != nil {
		return nil, 0, err
	}
	all = make([]float32, tokens*int(shape[2]))
	copy(all, unsafe.Slice((*float32)(pointer(data)), len(all)))
	return all, int(shape[2]), nil
}
