package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// SSMManagedInstance is what rules may ask of a machine that Systems Manager
// manages: an instance of EC2's, or a machine elsewhere.
type SSMManagedInstance struct {
	Online       bool   `json:"online"`       // its agent answers
	Patches      string `json:"patches"`      // COMPLIANT, NON_COMPLIANT, or "" where patches were never looked for
	Associations string `json:"associations"` // the same of the associations of State Manager; "" where there is none
}

const (
	describeManaged = "ssm:DescribeInstanceInformation"
	listCompliance  = "ssm:ListResourceComplianceSummaries"
)

var ssmManagedInstances = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::SSM::ManagedInstance",
		Service: "ssm",
		Doc:     SSMManagedInstance{},
		Calls: []scanners.Call{
			{Op: describeManaged},
			{Op: listCompliance, For: []string{"patches", "associations"}},
		},
		Console: scanners.Console{Path: "/systems-manager/fleet-manager/managed-nodes/{last}/general?region={region}"},
	},
	Scan: scanSSMManagedInstances,
}

func ssmClient(p *engine.Place) *ssm.Client { return engine.Client(p, ssm.NewFromConfig) }

func scanSSMManagedInstances(ctx context.Context, p *engine.Place) error {
	managed, err := ssmManaged(ctx, p)
	if ended := engine.Each(ctx, p, managed, readSSMManagedInstance); ended != nil {
		return ended
	}
	return err
}

// ssmManaged lists the machines that Systems Manager manages, once per region.
// With an error come those that were listed before it.
func ssmManaged(ctx context.Context, p *engine.Place) ([]types.InstanceInformation, error) {
	return engine.Once(p, "ssm managed instances", func() ([]types.InstanceInformation, error) {
		pages := ssm.NewDescribeInstanceInformationPaginator(ssmClient(p), &ssm.DescribeInstanceInformationInput{MaxResults: aws.Int32(50)})
		return engine.ListAll(ctx, pages, func(page *ssm.DescribeInstanceInformationOutput) []types.InstanceInformation {
			return page.InstanceInformationList
		})
	})
}

func readSSMManagedInstance(ctx context.Context, p *engine.Place, info types.InstanceInformation) {
	r := p.Read()
	id := aws.ToString(info.InstanceId)
	doc := SSMManagedInstance{Online: choice(r, info.PingStatus, describeManaged, "online") == types.PingStatusOnline}
	if r.Wants("patches", "associations") {
		found, err := ssmCompliance(ctx, p)
		if r.Got(err, "patches", "associations") {
			doc.Patches = readCompliance(r, found[compliance{id, "Patch"}], "patches")
			doc.Associations = readCompliance(r, found[compliance{id, "Association"}], "associations")
		}
	}
	name := aws.ToString(info.Name)
	if name == "" {
		name = aws.ToString(info.ComputerName)
	}
	r.Emit(p.ARN("ssm", "managed-instance/"+id), name, nil, &doc)
}

// readCompliance returns a state of compliance, "" for none.
func readCompliance(r *engine.Reading, states []types.ComplianceStatus, field string) string {
	for _, state := range states {
		choice(r, state, listCompliance, field)
		if state != types.ComplianceStatusCompliant {
			return string(state)
		}
	}
	if len(states) == 0 {
		return ""
	}
	return string(types.ComplianceStatusCompliant)
}

// compliance is what a summary is about: a machine, and Patch or Association.
type compliance struct{ machine, kind string }

// ssmCompliance lists how machines comply, asked once.
func ssmCompliance(ctx context.Context, p *engine.Place) (map[compliance][]types.ComplianceStatus, error) {
	return engine.Once(p, "ssm compliance", func() (map[compliance][]types.ComplianceStatus, error) {
		pages := ssm.NewListResourceComplianceSummariesPaginator(ssmClient(p), &ssm.ListResourceComplianceSummariesInput{
			MaxResults: aws.Int32(50),
			Filters:    []types.ComplianceStringFilter{{Key: aws.String("ComplianceType"), Type: types.ComplianceQueryOperatorTypeEqual, Values: []string{"Patch", "Association"}}},
		})
		list, err := engine.ListAll(ctx, pages, func(page *ssm.ListResourceComplianceSummariesOutput) []types.ResourceComplianceSummaryItem {
			return page.ResourceComplianceSummaryItems
		})
		found := map[compliance][]types.ComplianceStatus{}
		for _, item := range list {
			of := compliance{aws.ToString(item.ResourceId), aws.ToString(item.ComplianceType)}
			found[of] = append(found[of], item.Status)
		}
		return found, err
	})
}

// readSSMPing returns how Systems Manager reaches an instance of EC2's: Online,
// ConnectionLost, Inactive, or "" where it does not manage it.
func readSSMPing(ctx context.Context, r *engine.Reading, id string) string {
	if !r.Wants("ssm_ping") {
		return ""
	}
	pings, err := engine.Once(r.Place, "ssm pings", func() (map[string]types.PingStatus, error) {
		pings := map[string]types.PingStatus{}
		managed, err := ssmManaged(ctx, r.Place)
		for _, info := range managed {
			pings[aws.ToString(info.InstanceId)] = info.PingStatus
		}
		return pings, err
	})
	if ping, managed := pings[id]; managed {
		return string(choice(r, ping, describeManaged, "ssm_ping"))
	}
	r.Got(err, "ssm_ping")
	return ""
}
