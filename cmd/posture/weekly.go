package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/setup"
	"posture/internal/store"
	"posture/internal/weekly"
	"posture/rules"
)

// weeklyFormats are the forms in which a page is printed.
var weeklyFormats = []string{"table", "html", "json", "csv"} //nolint:gochecknoglobals // constant

// weekFlag is a flag that names a week.
type weekFlag struct{ week *weekly.Week }

func (w weekFlag) String() string {
	if w.week == nil || *w.week == (weekly.Week{}) {
		return ""
	}
	return w.week.String()
}

// Type returns nothing: the usage names the value itself.
func (w weekFlag) Type() string { return "" }

// Set reads a week as in 2026-W47.
func (w weekFlag) Set(value string) error { return w.week.UnmarshalText([]byte(value)) }

// weeklyPage is one posture weekly.
type weeklyPage struct {
	common
	week weekly.Week
	out  string
}

func newWeekly(world *streams) *cobra.Command {
	w := &weeklyPage{common: common{world: world}}
	cmd := &cobra.Command{
		Use:   "weekly",
		Short: "Print the posture of a week on one page",
		Long: `Print how a week went: which runs there were and what they could read, what
fails and what changed, which exemptions end soon, what is past due and who owns
it, and what the rules say about the SOC 2 criteria. Everything comes from the
stored runs, no cloud is called, so you can make the page of an old week again.

Without --week it is the last week that is over and has a finished run, or the
current week if there is none. The HTML page is one file that loads nothing; its
style fits screens, phones and paper.`,
		Example: `  posture weekly
  posture weekly --out posture.html
  posture weekly --week 2026-W47 --format csv > week.csv
  posture weekly --store s3://my-results --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.print(cmd.Context(), cmd.Flags().Changed("format"))
		},
	}
	w.addStore(cmd)
	w.addFormat(cmd, weeklyFormats...)
	cmd.Flags().Var(weekFlag{&w.week}, "week", "the ISO `week`, as in 2026-W47")
	cmd.Flags().StringVar(&w.out, "out", "", "write to this `file`; its ending (.html, .json, .csv) is the format unless --format is given")
	_ = cmd.RegisterFlagCompletionFunc("week", cobra.NoFileCompletions)
	_ = cmd.MarkFlagFilename("out", "html", "json", "csv")
	return cmd
}

func (w *weeklyPage) print(ctx context.Context, formatGiven bool) error {
	if !formatGiven && w.out != "" {
		ending := strings.TrimPrefix(filepath.Ext(w.out), ".")
		if w.format = cmp.Or(ending, "html"); !slices.Contains(weeklyFormats[1:], w.format) {
			return fmt.Errorf("--out %s: no format ends in .%s: expected .html, .json or .csv, or pass --format", w.out, ending)
		}
	}
	kept, cfg, err := w.stored(ctx)
	if err != nil {
		return err
	}
	page, err := w.collect(ctx, kept, cfg)
	if err != nil {
		return err
	}
	if w.out == "" {
		return w.write(page, w.world.out)
	}
	return w.save(page)
}

// collect makes the page.
func (w *weeklyPage) collect(ctx context.Context, kept store.Store, cfg config.Config) (weekly.Page, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return weekly.Page{}, err
	}
	o := weekly.Options{Week: w.week, Now: w.world.now(), Config: cfg, Criteria: criteria.All(), Tool: setup.Version}
	if o.Week == (weekly.Week{}) {
		o.Week, err = weekly.Latest(ctx, kept, o)
		if err == nil && o.Week == weekly.Of(o.Now) {
			fmt.Fprintf(w.world.err, "no earlier week has a finished run: this is week %s so far\n", o.Week)
		}
	}
	var page weekly.Page
	if err == nil {
		page, err = weekly.Collect(ctx, kept, o)
	}
	if errors.Is(err, weekly.ErrNoRuns) {
		return page, fmt.Errorf("no run of that week or of the weeks before in %s: posture runs lists them", kept)
	}
	if errors.Is(err, weekly.ErrNotBegun) {
		return page, fmt.Errorf("--week: %w", err)
	}
	if err != nil {
		return page, unread(kept, err)
	}
	return page, nil
}

// write writes the page in the format that was asked for.
func (w *weeklyPage) write(page weekly.Page, to io.Writer) error {
	switch w.format {
	case "html":
		return page.WriteHTML(to)
	case "json":
		return page.WriteJSON(to)
	case "csv":
		return page.WriteCSV(to)
	}
	return weekTable(page, to)
}

// save writes the page to a file that only the user may read: it names what is
// open to attack.
func (w *weeklyPage) save(page weekly.Page) error {
	file := newFile{w.out, 0o600, func(to *os.File) error { return w.write(page, to) }}
	if err := file.replace(); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	fmt.Fprintf(w.world.err, "week %s: %s\nwritten to %s\n", page.Week, page.Headline, w.out)
	return nil
}
