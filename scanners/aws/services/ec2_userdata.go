package services

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// EC2LaunchTemplate is what rules may ask of a launch template, by its default and
// its latest version.
type EC2LaunchTemplate struct {
	Managed              bool     `json:"managed"`                 // a service of AWS operates it, and nobody else can change it
	CredentialInUserData bool     `json:"credential_in_user_data"` // its user data holds a credential, by its form or by the name that it is given to
	PublicIP             bool     `json:"public_ip"`               // it gives instances a public address, whatever their subnet says
	HasRole              bool     `json:"has_role"`                // it gives instances an instance profile
	LendsTo              []string `json:"lends_to"`                // users and roles that get full access, or a way to it, by that profile's role: they may change what instances start with; ten at most are named
}

var ec2LaunchTemplates = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::LaunchTemplate",
		Service: "ec2",
		Doc:     EC2LaunchTemplate{},
		Calls: append(lendsCalls(),
			scanners.Call{Op: "ec2:DescribeLaunchTemplates"},
			scanners.Call{Op: "ec2:DescribeLaunchTemplateVersions", For: []string{"credential_in_user_data", "public_ip", "has_role", "lends_to"}},
		),
		Console: scanners.Console{Path: "/ec2/home?region={region}#LaunchTemplateDetails:launchTemplateId={last}"},
	},
	Scan: scanEC2LaunchTemplates,
}

// templatePage is the page size of launch templates and their versions.
const templatePage = 200

func scanEC2LaunchTemplates(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeLaunchTemplatesPaginator(ec2Client(p), &ec2.DescribeLaunchTemplatesInput{MaxResults: aws.Int32(templatePage)})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeLaunchTemplatesOutput) []types.LaunchTemplate { return page.LaunchTemplates }, readEC2LaunchTemplate)
}

func readEC2LaunchTemplate(ctx context.Context, p *engine.Place, template types.LaunchTemplate) {
	r := p.Read()
	doc := EC2LaunchTemplate{Managed: ec2Managed(template.Operator)}
	id := aws.ToString(template.LaunchTemplateId)
	arn := p.ARN("ec2", "launch-template/"+id)
	if r.Wants("credential_in_user_data", "public_ip", "has_role", "lends_to") {
		held := doc.readVersions(ctx, r, id)
		doc.LendsTo = readLendsTo(ctx, r, iampolicy.Lender{Kind: iampolicy.Template, ARN: arn}, held.roles()...)
	}
	tags, _ := ec2Tags(template.Tags)
	r.Emit(arn, aws.ToString(template.LaunchTemplateName), tags, &doc)
}

// templateVersions is what the versions of a template hold.
type templateVersions struct {
	credential  bool
	publicIP    bool
	profiles    []string // instance profiles, by ARN or name
	err         error    // why one of them is not read
	userDataErr error    // why the user data of one is not understood
}

// templatesVersions reads the default and the latest version of all templates, by
// id, in one listing. With an error come those of the pages before it.
func templatesVersions(ctx context.Context, p *engine.Place) (map[string]templateVersions, error) {
	return engine.Once(p, "versions of launch templates", func() (map[string]templateVersions, error) {
		pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(ec2Client(p), &ec2.DescribeLaunchTemplateVersionsInput{
			Versions: []string{"$Default", "$Latest"}, MaxResults: aws.Int32(templatePage),
		})
		found := map[string]templateVersions{}
		return found, engine.EachPage(ctx, pages, func(page *ec2.DescribeLaunchTemplateVersionsOutput) error {
			for _, version := range page.LaunchTemplateVersions {
				id := aws.ToString(version.LaunchTemplateId)
				held := found[id]
				held.add(version.LaunchTemplateData)
				found[id] = held
			}
			return nil
		})
	})
}

const templateVersionsOp = "ec2:DescribeLaunchTemplateVersions"

var errNoTemplate error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a version of a launch template has no data"}

// add adds what one more version holds.
func (held *templateVersions) add(data *types.ResponseLaunchTemplateData) {
	if data == nil {
		held.err = engine.Malformed(templateVersionsOp, errNoTemplate)
		return
	}
	credential, err := userDataHoldsCredential(aws.ToString(data.UserData))
	held.credential = held.credential || credential
	held.userDataErr = cmp.Or(held.userDataErr, engine.Malformed(templateVersionsOp, err))
	held.publicIP = held.publicIP || slices.ContainsFunc(data.NetworkInterfaces, func(n types.LaunchTemplateInstanceNetworkInterfaceSpecification) bool {
		return aws.ToBool(n.AssociatePublicIpAddress)
	})
	if profile := data.IamInstanceProfile; profile != nil {
		held.profiles = append(held.profiles, cmp.Or(aws.ToString(profile.Arn), aws.ToString(profile.Name)))
	}
}

// roles returns the roles that the versions give instances.
func (held templateVersions) roles() []roleOf {
	var roles []roleOf
	for _, profile := range held.profiles {
		roles = append(roles, roleOfProfile(templateVersionsOp, profile))
	}
	return append(roles, roleUnread(held.err))
}

// readVersions reads and returns what a template's versions hold. What was seen in
// one is certain, however the listing ended.
func (doc *EC2LaunchTemplate) readVersions(ctx context.Context, r *engine.Reading, id string) templateVersions {
	all, err := templatesVersions(ctx, r.Place)
	held, listed := all[id]
	if err == nil && !listed {
		err = engine.Malformed(templateVersionsOp, errNoValue)
	}
	held.err = cmp.Or(err, held.err)
	doc.CredentialInUserData, doc.PublicIP, doc.HasRole = held.credential, held.publicIP, len(held.profiles) > 0
	if !doc.CredentialInUserData {
		r.Got(cmp.Or(held.err, held.userDataErr), "credential_in_user_data")
	}
	if !doc.PublicIP {
		r.Got(held.err, "public_ip")
	}
	if !doc.HasRole {
		r.Got(held.err, "has_role")
	}
	return held
}

// assignment is where a script or a file of settings gives a name a value.
var assignment = regexp.MustCompile(`([A-Za-z_][0-9A-Za-z_-]*)["']?[ \t]*[:=][ \t]*("[^"\n]*"|'[^'\n]*'|[^\s;,]+)`)

// asked is a value that a program gives when the script runs, in a shell or in
// PowerShell. What converts a text that stands there, such as
// ConvertTo-SecureString, is none.
var asked = regexp.MustCompile("^(`|[(]*(?i:get|import|invoke|read|receive)-[A-Za-z]+[)]?|[(][A-Za-z]+$|[(]&|[(]*\\[[A-Za-z][0-9A-Za-z.]*\\]::)")

// userDataHoldsCredential reports whether user data, in base64 and perhaps
// compressed, holds a credential.
func userDataHoldsCredential(encoded string) (bool, error) {
	text, err := userData(encoded)
	if err != nil {
		return false, err
	}
	if scanners.HoldsCredential(text) {
		return true, nil
	}
	for _, found := range assignment.FindAllStringSubmatch(text, -1) {
		if !asked.MatchString(found[2]) && scanners.CredentialVariable(strings.ReplaceAll(found[1], "-", "_"), found[2]) {
			return true, nil
		}
	}
	return false, nil
}

// userData returns user data as text. EC2 takes 16 KiB, which may be compressed;
// more than a mebibyte of text is not read.
func userData(encoded string) (string, error) {
	const most = 1 << 20
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return "", errUserData
	}
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return string(text), nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return "", errUserData
	}
	text, err = io.ReadAll(io.LimitReader(unzipped, most+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", errUserData, err)
	case len(text) > most:
		return "", errUserData
	}
	return string(text), nil
}

var errUserData = errors.New("user data that cannot be read")
