package services

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// BackupPolicy is what rules may ask of a backup policy, of either kind of
// vault.
type BackupPolicy struct {
	IntervalHours int64 `json:"interval_hours"` // the longest wait between two backups; 0: changes are kept all the time
	RetentionDays int64 `json:"retention_days"` // for how long the backups are kept that it makes most often
	Used          bool  `json:"used"`           // something is backed up by it
}

const dataPolicyType = "Microsoft.DataProtection/backupVaults/backupPolicies"

var backupPolicies = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.RecoveryServices/vaults/backupPolicies",
		Service: "recoveryservices",
		Doc:     BackupPolicy{},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Table:   recoveryTable,
	Also:    []string{dataPolicyType},
	Get:     backupVersion,
	AlsoGet: map[string]string{dataPolicyType: backupVersion},
	Joins: []engine.Join{
		{Type: itemType, Table: recoveryTable, For: []string{"used"}},
		{Type: instanceOfType, Table: recoveryTable, For: []string{"used"}},
	},
	Read: func(r *engine.Reading) any {
		doc := &BackupPolicy{}
		if strings.EqualFold(r.Row.Type, dataPolicyType) {
			readDataPolicy(r, doc)
		} else {
			readRecoveryPolicy(r, doc)
		}
		for _, typ := range []string{itemType, instanceOfType} {
			doc.Used = doc.Used || len(engine.Pointing[backupItem](r, typ, r.Row.ID, "used")) > 0
		}
		return doc
	},
}

// recoveryPolicy is a policy of a vault of Recovery Services, or a part of one
// for databases (learn.microsoft.com/rest/api/backup/protection-policies/get).
type recoveryPolicy struct {
	PolicyType     string // of a part: "Full", "Differential", "Log"
	SchedulePolicy struct {
		ScheduleRunFrequency    string
		ScheduleRunDays         []string
		WeeklySchedule          struct{ ScheduleRunDays []string }
		ScheduleFrequencyInMins int64 // of logs
		HourlySchedule          struct {
			Interval, ScheduleWindowDuration int64 // in hours; the window opens once a day
		}
	}
	RetentionPolicy      recoveryRetention
	VaultRetentionPolicy struct{ VaultRetention recoveryRetention }
}

type recoveryRetention struct {
	DailySchedule, WeeklySchedule struct{ RetentionDuration recoveryDuration }
	RetentionDuration             recoveryDuration
}

type recoveryDuration struct {
	Count        int64
	DurationType string
}

// days returns the duration in days, of a month and a year at least.
func (d recoveryDuration) days() int64 {
	return d.Count * map[string]int64{"days": 1, "weeks": 7, "months": 30, "years": 365}[strings.ToLower(d.DurationType)]
}

const week = 7 * 24

// hours returns the wait between two backups, 0 where it is not understood.
func (p recoveryPolicy) hours() int64 {
	switch strings.ToLower(p.SchedulePolicy.ScheduleRunFrequency) {
	case "hourly":
		return p.hourly()
	case "daily":
		return 24
	case "weekly":
		if len(p.SchedulePolicy.ScheduleRunDays) == 7 || len(p.SchedulePolicy.WeeklySchedule.ScheduleRunDays) == 7 {
			return 24
		}
		return week
	}
	if p.SchedulePolicy.ScheduleFrequencyInMins > 0 {
		return (p.SchedulePolicy.ScheduleFrequencyInMins + 59) / 60
	}
	return 0
}

// hourly returns the longest wait of backups that are made several times a day:
// until the window opens again, where that is longer than the interval.
func (p recoveryPolicy) hourly() int64 {
	each, window := p.SchedulePolicy.HourlySchedule.Interval, p.SchedulePolicy.HourlySchedule.ScheduleWindowDuration
	if each <= 0 || each > 24 {
		return 24
	}
	return max(each, 24-window/each*each)
}

// days returns how long its backups are kept, 0 where it is not understood.
func (p recoveryPolicy) days() int64 {
	for _, kept := range []recoveryRetention{p.VaultRetentionPolicy.VaultRetention, p.RetentionPolicy} {
		often := kept.DailySchedule.RetentionDuration.days()
		if p.hours() == week {
			often = kept.WeeklySchedule.RetentionDuration.days()
		}
		if days := max(often, kept.RetentionDuration.days()); days > 0 {
			return days
		}
	}
	return 0
}

// readRecoveryPolicy reads a policy of a vault of Recovery Services. One for
// databases has parts: what counts is the shortest wait between two backups,
// logs included, and how long the full ones are kept, without which the others
// are of no use.
func readRecoveryPolicy(r *engine.Reading, doc *BackupPolicy) {
	var data struct {
		Properties struct {
			recoveryPolicy
			SubProtectionPolicy []recoveryPolicy
		}
	}
	r.Decode(&data)
	parts := data.Properties.SubProtectionPolicy
	if len(parts) == 0 {
		parts = []recoveryPolicy{data.Properties.recoveryPolicy}
	}
	for _, part := range parts {
		if hours := part.hours(); hours > 0 && (doc.IntervalHours == 0 || hours < doc.IntervalHours) {
			doc.IntervalHours = hours
		}
		if part.PolicyType == "" || strings.Contains(strings.ToLower(part.PolicyType), "full") {
			doc.RetentionDays = max(doc.RetentionDays, part.days())
		}
	}
	if doc.IntervalHours == 0 {
		r.Strange("schedule", "interval_hours")
	}
	if doc.RetentionDays == 0 {
		r.Strange("retention", "retention_days")
	}
}

// dataRule is a rule of a policy of a backup vault
// (learn.microsoft.com/rest/api/dataprotection/backup-policies/get).
type dataRule struct {
	ObjectType string // "AzureBackupRule", "AzureRetentionRule"
	IsDefault  bool
	Lifecycles []struct{ DeleteAfter struct{ Duration string } }
	Trigger    struct {
		Schedule struct{ RepeatingTimeIntervals []string } // "R/2026-01-01T02:00:00+00:00/P1D"
	}
}

// readDataPolicy reads a policy of a backup vault. One without a rule for
// backups, as for blobs, keeps changes all the time.
func readDataPolicy(r *engine.Reading, doc *BackupPolicy) {
	var data struct {
		Properties struct{ PolicyRules []dataRule }
	}
	r.Decode(&data)
	if len(data.Properties.PolicyRules) == 0 {
		r.Absent("read "+r.Type, "interval_hours", "retention_days")
		return
	}
	for _, rule := range data.Properties.PolicyRules {
		switch strings.ToLower(rule.ObjectType) {
		case "azurebackuprule":
			doc.IntervalHours = max(doc.IntervalHours, rule.hours(r))
		case "azureretentionrule":
			doc.RetentionDays = max(doc.RetentionDays, rule.days(r))
		default:
			r.Strange("rule", "interval_hours", "retention_days")
		}
	}
	if doc.RetentionDays == 0 { // what no other rule keeps is kept by the default one, which every policy has
		r.Strange("retention", "retention_days")
	}
}

// hours returns the longest wait between two backups that the rule makes.
func (d dataRule) hours(r *engine.Reading) int64 {
	times := d.Trigger.Schedule.RepeatingTimeIntervals
	if len(times) == 0 {
		r.Strange("schedule", "interval_hours")
	}
	var longest int64
	for _, interval := range times {
		hours, ok := isoHours(interval[strings.LastIndexByte(interval, '/')+1:])
		if !ok {
			r.Strange("schedule", "interval_hours")
		}
		if hours == week && len(times) == 7 { // each day of the week has its own
			hours = 24
		}
		longest = max(longest, hours)
	}
	return longest
}

// days returns for how long the rule keeps what no other rule does, 0 where it
// is about some backups only.
func (d dataRule) days(r *engine.Reading) int64 {
	var longest int64
	for _, cycle := range d.Lifecycles {
		hours, ok := isoHours(cycle.DeleteAfter.Duration)
		if !ok {
			r.Strange("retention", "retention_days")
		}
		longest = max(longest, hours/24)
	}
	if !d.IsDefault {
		return 0
	}
	return longest
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?)?$`)

// isoHours returns a duration of ISO 8601 in hours, "P1D", "PT4H"; of a month 30
// days and of a year 365.
func isoHours(text string) (hours int64, ok bool) {
	parts := isoDuration.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	for i, each := range []int64{365 * 24, 30 * 24, week, 24, 1} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 32)
		if err != nil {
			return 0, false
		}
		hours += n * each
	}
	return hours, hours > 0
}

// FileService is what rules may ask of the file shares of a storage account.
// Shares of NFS, which Azure Backup does not take, are not among them.
type FileService struct {
	SoftDeleteDays int64     `json:"soft_delete_days"` // how long deleted shares can be brought back; 0: not at all
	Created        time.Time `json:"created"`          // when the account was made
	LastBackup     time.Time `json:"last_backup"`      // of the share whose newest backup is oldest
	Behind         string    `json:"behind"`           // that share's name
	Managed        bool      `json:"managed"`          // another service made the account and keeps it
}

const (
	readFileServices = "Microsoft.Storage/storageAccounts/fileServices/read"
	readShares       = "Microsoft.Storage/storageAccounts/fileServices/shares/read"
)

var fileServices = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Storage/storageAccounts/fileServices",
		Service: "storage",
		Doc:     FileService{},
		Calls: []scanners.Call{
			{Op: readFileServices, Each: true, For: []string{"soft_delete_days"}},
			{Op: readShares, Each: true},
		},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    accountType,
	NoGet: readDirectly + ", but for the backups, which only vaults know",
	Joins: []engine.Join{{Type: itemType, Table: recoveryTable, For: []string{"last_backup", "behind"}}},
	Parts: func(r *engine.Reading) ([]*engine.Row, error) {
		shares, err := sharesOf(r)
		if err != nil || len(shares) == 0 { // there is nothing to judge
			return nil, err
		}
		return []*engine.Row{r.Row}, nil
	},
	Read: readFileService,
}

// fileShare is one as its account lists it
// (learn.microsoft.com/rest/api/storagerp/file-shares/list).
type fileShare struct {
	Name       string
	Properties struct{ EnabledProtocols string }
}

// sharesOf lists the shares of an account once, without those of NFS.
func sharesOf(r *engine.Reading) ([]fileShare, error) {
	return engine.Once(r, "shares of "+r.Row.ID, func() ([]fileShare, error) {
		var account struct{ Kind string }
		r.Decode(&account)
		if !slices.Contains([]string{"StorageV2", "FileStorage", "Storage"}, account.Kind) {
			return nil, nil
		}
		shares, err := engine.FetchAll[fileShare](r, readShares, "/fileServices/default/shares", storageVersion)
		return slices.DeleteFunc(shares, func(s fileShare) bool { return strings.EqualFold(s.Properties.EnabledProtocols, "NFS") }), err
	})
}

func readFileService(r *engine.Reading) any {
	var account struct {
		Properties struct{ CreationTime *time.Time }
	}
	r.Decode(&account)
	r.ID += "/fileservices/default"
	doc := &FileService{
		Created:        engine.Need(r, account.Properties.CreationTime, "created"),
		SoftDeleteDays: readShareSoftDelete(r),
		Managed:        r.Managed(),
	}
	readShareBackups(r, doc)
	return doc
}

// readShareBackups reads which share's newest backup is oldest. The vaults may
// be in another subscription.
func readShareBackups(r *engine.Reading, doc *FileService) {
	fields := []string{"last_backup", "behind"}
	newest := map[string]time.Time{}
	for _, item := range engine.Anywhere[backupItem](r, itemType, r.Row.ID, fields...) {
		name, made := strings.ToLower(item.Data.Properties.FriendlyName), item.Data.succeeded()
		if before, known := newest[name]; !known || made.After(before) {
			newest[name] = made
		}
	}
	shares, err := sharesOf(r)
	r.Got(err, fields...)
	for _, s := range shares {
		last, known := newest[strings.ToLower(s.Name)]
		if !known {
			engine.Elsewhere[backupItem](r, itemType, fields...)
		}
		if doc.Behind == "" || last.Before(doc.LastBackup) {
			doc.LastBackup, doc.Behind = last, s.Name
		}
	}
}

func readShareSoftDelete(r *engine.Reading) int64 {
	if !r.Wants("soft_delete_days") {
		return 0
	}
	var data struct {
		Properties *struct{ ShareDeleteRetentionPolicy *retention }
	}
	if !r.Got(r.Fetch(readFileServices, "/fileServices/default", storageVersion, &data), "soft_delete_days") {
		return 0
	}
	p := engine.Need(r, data.Properties, "soft_delete_days")
	return engine.Need(r, p.ShareDeleteRetentionPolicy, "soft_delete_days").days()
}
