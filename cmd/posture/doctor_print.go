package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/setup"
	"posture/internal/store"
)

// tryStore puts a new object into the store, reads it and deletes it.
func tryStore(ctx context.Context, s store.Store) *storeCheckup {
	key, body := "doctor/"+setup.Attempt()+".json", []byte("{}\n")
	tried := &storeCheckup{URL: s.String(), State: works}
	_, err := s.PutIfAbsent(ctx, key, body)
	if err == nil {
		var back []byte
		back, _, err = store.Read(ctx, s, key, 1<<10)
		if err == nil && !bytes.Equal(back, body) {
			err = errors.New("what was read is not what was written")
		}
		err = errors.Join(err, s.Delete(ctx, key))
	}
	if err != nil {
		tried.State, tried.Error = broken, plain(err)
	}
	return tried
}

func (d *doctor) print() error {
	if d.format == "json" {
		return d.world.json(d)
	}
	for _, target := range d.Targets {
		if err := d.printTarget(target); err != nil {
			return err
		}
	}
	if d.Store != nil {
		table := report.NewTable("store", "state", "because")
		table.Add(d.Store.URL, string(d.Store.State), d.Store.Error)
		return table.Write(d.world.out)
	}
	return nil
}

func (d *doctor) printTarget(c checkup) error {
	if c.Failure != "" {
		fmt.Fprintf(d.world.out, "%s: nothing can be read: %s%s\n", c.Target, escape.Line(c.Failure), exempted(c.Exemption))
		d.printSaid(c.Target.String(), c.Said)
		fmt.Fprintln(d.world.out)
		return nil
	}
	who := ""
	if c.Caller != "" { // not every credential says whom it stands for
		who = " as " + escape.Line(c.Caller)
	}
	fmt.Fprintf(d.world.out, "%s%s\n", c.Target, who)
	table := report.NewTable("permission", "state", "operation", "answer", "regions")
	counts := map[ability]int{}
	for _, t := range c.Trials {
		if counts[t.State]++; t.State == works && !d.all {
			continue
		}
		table.Add(t.Permission, string(t.State), t.Operation, t.Code+exempted(t.Exemption), someRegions(t.Regions, len(c.Target.Regions)))
	}
	if err := table.Write(d.world.out); err != nil {
		return err
	}
	var sums []string
	for _, state := range abilities {
		if counts[state] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	fmt.Fprintf(d.world.out, "%s\n%s", wrapped(sums), verdicts(c.Differing))
	for _, t := range c.Trials {
		d.printSaid(t.Operation, t.Said)
	}
	fmt.Fprintln(d.world.out)
	return nil
}

// exempted names the exemption that accepts that something fails, if there is one.
func exempted(e *posture.Exemption) string {
	switch {
	case e == nil:
		return ""
	case e.Expired:
		return fmt.Sprintf("; exemption %s ended on %s", escape.Name(e.ID), e.Expires)
	}
	return fmt.Sprintf("; exemption %s until %s", escape.Name(e.ID), e.Expires)
}

// printSaid prints what the provider wrote, when asked for.
func (d *doctor) printSaid(about, text string) {
	if d.debug && text != "" {
		fmt.Fprintln(d.world.out, saidLine(about, text))
	}
}

// someRegions names regions, unless they are all or many.
func someRegions(regions []string, all int) string {
	switch n := len(regions); {
	case n >= all && n > 1:
		return "all"
	case n > 3:
		return strconv.Itoa(n) + " regions"
	default:
		return wrapped(regions)
	}
}
