package services

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestDeclaredCalls scans the whole estate and compares the calls that were
// made with those that are declared, both ways.
func TestDeclaredCalls(t *testing.T) {
	t.Parallel()
	cloud := cloudOf(wholeEstate(t))
	scanWant(t, serve(t, cloud), wantAll())
	made := map[string]bool{}
	for _, request := range cloud.Log() {
		made[request.Op()] = true
	}
	declared := slices.Sorted(maps.Keys(permissionsOfScan()))
	if diff := cmp.Diff(declared, slices.Sorted(maps.Keys(made))); diff != "" {
		t.Errorf("calls: declared but never made (-), made but not declared (+):\n%s", diff)
	}
}

// permissionsOfScan returns the permission of each call that a scan makes.
func permissionsOfScan() map[string]string {
	c := Catalogue()
	c.Beside = nil
	return c.PermissionsByOp()
}

// TestDeclaredCallsByType does so for each type alone.
func TestDeclaredCallsByType(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			cloud := cloudOf(wholeEstate(t))
			scanWant(t, serve(t, cloud), wantAll(s.Name))
			declared, made := map[string]bool{}, map[string]bool{}
			for _, c := range s.Calls {
				declared[c.Op] = true
			}
			log := cloud.Log()
			if slices.Contains(lettingIn, s.Name) { // some calls are made only where a policy lets in an organization
				cloud = cloudOf(withPartner(t))
				scanWant(t, serve(t, cloud), wantAll(s.Name))
				log = append(log, cloud.Log()...)
			}
			for _, request := range log {
				if op := request.Op(); declared[op] || op != "sts:GetCallerIdentity" && op != "ec2:DescribeRegions" {
					made[op] = true
				}
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), slices.Sorted(maps.Keys(made))); diff != "" {
				t.Errorf("calls: declared but never made (-), made but not declared (+):\n%s", diff)
			}
		})
	}
}

// inBody are calls that name the resources in an XML body, which a request here
// does not hold: one is made for each page of the listing before it.
var inBody = map[string]int{"route53:ListTagsForResources": 2}

// TestNoCallTwice shows that no question is asked twice in one scan.
func TestNoCallTwice(t *testing.T) {
	t.Parallel()
	cloud := cloudOf(wholeEstate(t))
	scanWant(t, serve(t, cloud), wantAll())
	asked, may := map[string]int{}, map[string]int{}
	for _, request := range cloud.Log() {
		asked[request.String()]++
		may[request.String()] = max(1, inBody[request.Op()])
	}
	for _, question := range slices.Sorted(maps.Keys(asked)) {
		if asked[question] > may[question] {
			t.Errorf("asked %d times: %s", asked[question], question)
		}
	}
}

// TestFixtures shows that the estate is whole: it answers every
// call, has resources of every type, and every field can be read of some.
func TestFixtures(t *testing.T) {
	t.Parallel()
	cloud := cloudOf(wholeEstate(t))
	s := scanWant(t, serve(t, cloud), wantAll())
	for _, section := range cloud.Missing() {
		t.Errorf("write a section: -- %s --", section)
	}
	for _, p := range s.Report.Populations {
		if !p.Complete || p.Count == 0 {
			t.Errorf("%s: %d resources, complete: %v, %v", p.Type, p.Count, p.Complete, p.Cause)
		}
	}
	never := wantAll()
	for i, r := range s.Resources {
		never[r.Type] = slices.DeleteFunc(never[r.Type], func(field string) bool {
			return !slices.ContainsFunc(r.Unread, func(u posture.Unread) bool { return u.Field == field })
		})
		if i > 0 && sameIdentity(r, s.Resources[i-1]) {
			t.Errorf("%s %s is there twice", r.Type, r.ID)
		}
	}
	for typ, fields := range never {
		if len(fields) > 0 {
			t.Errorf("%s: no resource shows %v", typ, fields)
		}
	}
}

func sameIdentity(a, b posture.Resource) bool {
	return a.Type == b.Type && a.Region == b.Region && a.ID == b.ID
}

// TestActionNames checks the IAM actions whose names are not those of the API.
func TestActionNames(t *testing.T) {
	odd := map[string]string{
		"s3:ListBuckets":                        "s3:ListAllMyBuckets",
		"s3:GetBucketEncryption":                "s3:GetEncryptionConfiguration",
		"s3:GetBucketLifecycleConfiguration":    "s3:GetLifecycleConfiguration",
		"s3:GetBucketReplication":               "s3:GetReplicationConfiguration",
		"s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
		"s3:GetObjectLockConfiguration":         "s3:GetBucketObjectLockConfiguration",
		"s3:GetPublicAccessBlock":               "s3:GetBucketPublicAccessBlock",
		"s3control:GetPublicAccessBlock":        "s3:GetAccountPublicAccessBlock",
		"access-analyzer:ListFindingsV2":        "access-analyzer:ListFindings",
		"elb:DescribeLoadBalancers":             "elasticloadbalancing:DescribeLoadBalancers",
		"elb:DescribeTags":                      "elasticloadbalancing:DescribeTags",
		"elb:DescribeLoadBalancerAttributes":    "elasticloadbalancing:DescribeLoadBalancerAttributes",
		"apigateway:GetRestApis":                "apigateway:GET",
		"apigateway:GetResources":               "apigateway:GET",
		"apigateway:GetStages":                  "apigateway:GET",
		"apigatewayv2:GetApis":                  "apigateway:GET",
		"apigatewayv2:GetRoutes":                "apigateway:GET",
		"apigatewayv2:GetStages":                "apigateway:GET",
	}
	for op, action := range permissionsOfScan() {
		want := op
		if known, ok := odd[op]; ok {
			want = known
		}
		if action != want {
			t.Errorf("%s needs %s, declared is %s", op, want, action)
		}
	}
}

// dataReads matches actions that read what customers store, or secrets.
var dataReads = regexp.MustCompile(`^(s3:(GetObject|ListObject|ListBucket$)|secretsmanager:GetSecretValue|ssm:GetParameter|kms:Decrypt|` +
	`dynamodb:(GetItem|BatchGetItem|Query|Scan)|sqs:ReceiveMessage|logs:(GetLogEvents|FilterLogEvents|StartQuery)|` +
	`lambda:(GetFunction$|GetFunctionConfiguration$|Invoke)|ec2:(GetPasswordData|GetConsole|DescribeInstanceAttribute)|rds:DownloadDB)`)

func TestActions(t *testing.T) {
	actions := Catalogue().Permissions()
	form := regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`)
	for _, action := range actions {
		if !form.MatchString(action) || dataReads.MatchString(action) {
			t.Errorf("%s is not an action that reads settings", action)
		}
	}
	if !slices.IsSorted(actions) || len(slices.Compact(slices.Clone(actions))) != len(actions) {
		t.Errorf("actions are not sorted and unique: %v", actions)
	}
	narrow := Catalogue().Permissions("sns")
	for _, action := range narrow {
		if !slices.Contains(actions, action) {
			t.Errorf("%s is among the actions of a service but not of all", action)
		}
	}
	if len(narrow) >= len(actions) || !slices.Contains(narrow, "sns:ListTopics") {
		t.Errorf("the actions of SNS are %v", narrow)
	}
}

// TestDeclarations checks the declarations of all scanners.
func TestDeclarations(t *testing.T) {
	types := map[string]bool{}
	for _, s := range All() {
		if types[s.Name] {
			t.Errorf("%s is declared twice", s.Name)
		}
		types[s.Name] = true
		fields := append(fieldsOf(s.Doc), "tags")
		for _, c := range s.Calls {
			for _, field := range c.For {
				if !slices.Contains(fields, field) {
					t.Errorf("%s: %s is for %q, which the document lacks", s.Name, c.Op, field)
				}
			}
		}
	}
}
