package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// BackupPlan is what rules may ask of an AWS Backup plan.
type BackupPlan struct {
	Rules      []BackupRule `json:"rules"`      // what is backed up when, and for how long it is kept
	Selections int          `json:"selections"` // assignments of resources to the plan
	Late       []LateBackup `json:"late"`       // rules of which no backup completed since they were last due
}

// BackupRule is one rule of a plan.
type BackupRule struct {
	Name            string `json:"name"`              // the rule's name
	IntervalHours   int    `json:"interval_hours"`    // longest wait between two runs, rounded up
	RetentionDays   int    `json:"retention_days"`    // days that a recovery point is kept; 0 when it never expires
	NeverExpires    bool   `json:"never_expires"`     // recovery points are kept until someone deletes them
	Continuous      bool   `json:"continuous"`        // point-in-time recovery where the resource can do it
	CrossRegionCopy bool   `json:"cross_region_copy"` // copies go to another region
	OtherAccount    bool   `json:"other_account"`     // copies go to another account
	AirGapped       bool   `json:"air_gapped"`        // recovery points go to a logically air-gapped vault
}

var backupPlans = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Backup::BackupPlan",
		Service: "backup",
		Doc:     BackupPlan{},
		Calls: []scanners.Call{
			{Op: "backup:ListBackupPlans"},
			{Op: "backup:GetBackupPlan", Each: true, For: []string{"rules", "late"}},
			{Op: "backup:ListBackupSelections", Each: true, For: []string{"selections"}},
			{Op: "backup:ListBackupJobs", For: []string{"late"}},
			{Op: listPoints, Each: true, For: []string{"late"}},
			{Op: "backup:ListBackupPlanVersions", Each: true, For: []string{"late"}},
		},
		Console: scanners.Console{Path: "/backup/home?region={region}#/backupplan/details/{last}"},
	},
	Scan: scanBackupPlans,
}

func scanBackupPlans(ctx context.Context, p *engine.Place) error {
	pages := backup.NewListBackupPlansPaginator(backupClient(p), &backup.ListBackupPlansInput{MaxResults: aws.Int32(1000)})
	return engine.EachListed(ctx, p, pages, func(page *backup.ListBackupPlansOutput) []types.BackupPlansListMember { return page.BackupPlansList }, readBackupPlan)
}

func readBackupPlan(ctx context.Context, p *engine.Place, plan types.BackupPlansListMember) {
	var doc BackupPlan
	var rules []types.BackupRule
	r := p.Read()
	if r.Wants("rules", "late") {
		out, err := backupClient(p).GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: plan.BackupPlanId})
		switch {
		case !r.Got(err, "rules", "late"):
		case out.BackupPlan == nil:
			r.Absent("backup:GetBackupPlan", "rules", "late")
		default:
			rules = out.BackupPlan.Rules
			readBackupRules(r, rules, &doc)
		}
	}
	idle := readSelections(ctx, r, plan, &doc)
	if r.Wants("late") && !idle {
		doc.Late = readLate(ctx, r, plan, rules)
	}
	r.Emit(aws.ToString(plan.BackupPlanArn), aws.ToString(plan.BackupPlanName), nil, &doc)
}

// readSelections sets how many assignments the plan has, and reports whether it
// certainly has none.
func readSelections(ctx context.Context, r *engine.Reading, plan types.BackupPlansListMember, doc *BackupPlan) (idle bool) {
	if !r.Wants("selections") {
		return false
	}
	pages := backup.NewListBackupSelectionsPaginator(backupClient(r.Place),
		&backup.ListBackupSelectionsInput{BackupPlanId: plan.BackupPlanId, MaxResults: aws.Int32(1000)})
	list, err := engine.ListAll(ctx, pages, func(out *backup.ListBackupSelectionsOutput) []types.BackupSelectionsListMember {
		return out.BackupSelectionsList
	})
	doc.Selections = len(list)
	return r.Got(err, "selections") && doc.Selections == 0
}

// readBackupRules marks all rules as unread when the schedule of one is not
// understood: no rule of the plan may be judged on a guess.
func readBackupRules(r *engine.Reading, rules []types.BackupRule, doc *BackupPlan) {
	for _, rule := range rules {
		read := BackupRule{
			Name:       aws.ToString(rule.RuleName),
			Continuous: aws.ToBool(rule.EnableContinuousBackup),
			AirGapped:  aws.ToString(rule.TargetLogicallyAirGappedBackupVaultArn) != "",
		}
		read.keep(rule.Lifecycle)
		for _, copied := range rule.CopyActions {
			to, err := arn.Parse(aws.ToString(copied.DestinationBackupVaultArn))
			r.Got(engine.Malformed("backup:GetBackupPlan", err), "rules")
			read.CrossRegionCopy = read.CrossRegionCopy || err == nil && to.Region != r.Place.Region
			read.OtherAccount = read.OtherAccount || err == nil && to.AccountID != r.Place.Account
		}
		_, hours, err := newSchedule(aws.ToString(rule.ScheduleExpression), "")
		r.Got(engine.Malformed("backup:GetBackupPlan", err), "rules")
		read.IntervalHours = hours
		doc.Rules = append(doc.Rules, read)
	}
}

func (b *BackupRule) keep(life *types.Lifecycle) {
	b.NeverExpires = life == nil || life.DeleteAfterDays == nil && life.DeleteAfterEvent == ""
	if life != nil {
		b.RetentionDays = int(aws.ToInt64(life.DeleteAfterDays))
	}
}
