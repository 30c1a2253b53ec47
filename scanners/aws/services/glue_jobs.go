package services

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// GlueJob is what rules may ask of a job. Its arguments are not kept.
type GlueJob struct {
	Kind              string   `json:"kind"`               // glueetl, gluestreaming, pythonshell or glueray
	AlwaysLogs        bool     `json:"always_logs"`        // its logs reach CloudWatch while it runs, and nobody can change that
	ContinuousLogs    bool     `json:"continuous_logs"`    // so they do because the job asks for it
	EncryptsOutput    bool     `json:"encrypts_output"`    // its security configuration encrypts what it writes to S3
	EncryptsLogs      bool     `json:"encrypts_logs"`      // so it does its logs, with a key of KMS
	EncryptsBookmarks bool     `json:"encrypts_bookmarks"` // and its bookmarks, with a key of KMS
	LendsTo           []string `json:"lends_to"`           // users and roles that get full access, or a way to it, by the job's role: they may start runs, with a script of their own; ten at most are named
}

var glueJobs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Glue::Job",
		Service: "glue",
		Doc:     GlueJob{},
		Calls: append(lendsCalls(),
			scanners.Call{Op: "glue:GetJobs"},
			scanners.Call{Op: "glue:GetSecurityConfigurations", For: ofGlueSecurity},
			scanners.Call{Op: "glue:GetTags", Each: true, For: []string{"tags"}},
		),
		Console: scanners.Console{Path: "/gluestudio/home?region={region}#/editor/job/{name}/details"},
	},
	Scan: scanGlueJobs,
}

// ofGlueSecurity holds the fields that a job's security configuration says.
var ofGlueSecurity = []string{"encrypts_output", "encrypts_logs", "encrypts_bookmarks"}

// glueJobList lists the jobs, once per region. With an error come those that were
// listed before it.
func glueJobList(ctx context.Context, p *engine.Place) ([]types.Job, error) {
	return engine.Once(p, "glue jobs", func() ([]types.Job, error) {
		pages := glue.NewGetJobsPaginator(glueClient(p), &glue.GetJobsInput{MaxResults: aws.Int32(200)})
		return engine.ListAll(ctx, pages, func(page *glue.GetJobsOutput) []types.Job { return page.Jobs })
	})
}

// glueSecurity lists the security configurations, once per region.
func glueSecurity(ctx context.Context, p *engine.Place) ([]types.SecurityConfiguration, error) {
	return engine.Once(p, "glue security configurations", func() ([]types.SecurityConfiguration, error) {
		pages := glue.NewGetSecurityConfigurationsPaginator(glueClient(p), &glue.GetSecurityConfigurationsInput{MaxResults: aws.Int32(100)})
		return engine.ListAll(ctx, pages, func(page *glue.GetSecurityConfigurationsOutput) []types.SecurityConfiguration {
			return page.SecurityConfigurations
		})
	})
}

func scanGlueJobs(ctx context.Context, p *engine.Place) error {
	jobs, err := glueJobList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, jobs, readGlueJob))
}

func readGlueJob(ctx context.Context, p *engine.Place, job types.Job) {
	var doc GlueJob
	r := p.Read()
	id := p.ARN("glue", "job/"+aws.ToString(job.Name))
	if job.Command == nil {
		job.Command = &types.JobCommand{}
	}
	doc.Kind = word(r, aws.ToString(job.Command.Name), "glue:GetJobs", "kind")
	doc.ContinuousLogs = argument(job, "--enable-continuous-cloudwatch-log") == "true"
	doc.AlwaysLogs = readGlueAlwaysLogs(r, doc.Kind, aws.ToString(job.GlueVersion))
	doc.readSecurity(ctx, r, aws.ToString(job.SecurityConfiguration))
	if role := aws.ToString(job.Role); role == "" {
		r.Absent("glue:GetJobs", "lends_to")
	} else {
		doc.LendsTo = readLendsTo(ctx, r, iampolicy.Lender{Kind: iampolicy.Job, ARN: id}, roleCalled(role))
	}
	r.Emit(id, aws.ToString(job.Name), readGlueTags(ctx, r, id), &doc)
}

// argument returns the value that a job's runs have for an argument, if no run says
// otherwise.
func argument(job types.Job, name string) string {
	return cmp.Or(job.NonOverridableArguments[name], job.DefaultArguments[name])
}

// readGlueAlwaysLogs reports whether a job logs by itself while it runs: all do from
// Glue 5.0 on, and those that do not run on Spark did before.
func readGlueAlwaysLogs(r *engine.Reading, kind, version string) bool {
	const op = "glue:GetJobs"
	switch {
	case kind == "pythonshell", kind == "glueray":
		return true
	case kind == "", version == "":
		r.Absent(op, "always_logs")
		return false
	}
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		r.Got(engine.Malformed(op, errNewValue), "always_logs")
	}
	return n >= 5
}

var errSecurityConfiguration error = &posture.ReasonError{Reason: posture.NotFound, Code: "a security configuration", Text: "a security configuration is not in the listing"}

// readSecurity reads what the security configuration of that name encrypts. A job
// without one encrypts nothing.
func (doc *GlueJob) readSecurity(ctx context.Context, r *engine.Reading, name string) {
	const op = "glue:GetSecurityConfigurations"
	if name == "" || !r.Wants(ofGlueSecurity...) {
		return
	}
	list, err := glueSecurity(ctx, r.Place)
	i := slices.IndexFunc(list, func(c types.SecurityConfiguration) bool { return aws.ToString(c.Name) == name })
	switch {
	case i < 0:
		r.Got(cmp.Or(err, engine.Malformed(op, errSecurityConfiguration)), ofGlueSecurity...)
	case list[i].EncryptionConfiguration == nil:
		r.Absent(op, ofGlueSecurity...)
	default:
		doc.readEncryption(r, list[i].EncryptionConfiguration)
	}
}

func (doc *GlueJob) readEncryption(r *engine.Reading, found *types.EncryptionConfiguration) {
	const op = "glue:GetSecurityConfigurations"
	if len(found.S3Encryption) == 0 {
		r.Absent(op, "encrypts_output")
	}
	doc.EncryptsOutput = len(found.S3Encryption) > 0
	for _, s3 := range found.S3Encryption {
		mode := choice(r, s3.S3EncryptionMode, op, "encrypts_output")
		doc.EncryptsOutput = doc.EncryptsOutput && (mode == types.S3EncryptionModeSses3 || mode == types.S3EncryptionModeSsekms)
	}
	if found.CloudWatchEncryption == nil {
		r.Absent(op, "encrypts_logs")
	} else {
		doc.EncryptsLogs = choice(r, found.CloudWatchEncryption.CloudWatchEncryptionMode, op, "encrypts_logs") == types.CloudWatchEncryptionModeSsekms
	}
	if found.JobBookmarksEncryption == nil {
		r.Absent(op, "encrypts_bookmarks")
	} else {
		doc.EncryptsBookmarks = choice(r, found.JobBookmarksEncryption.JobBookmarksEncryptionMode, op, "encrypts_bookmarks") == types.JobBookmarksEncryptionModeCsekms
	}
}
