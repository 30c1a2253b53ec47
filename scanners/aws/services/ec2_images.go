package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EC2Image is what rules may ask of a machine image that the account owns.
type EC2Image struct {
	Public bool `json:"public"` // every AWS account can start it
}

var ec2Images = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::Image",
		Service: "ec2",
		Doc:     EC2Image{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeImages"}},
		Console: scanners.Console{Path: "/ec2/home?region={region}#ImageDetails:imageId={last}"},
	},
	Scan: scanEC2Images,
}

func scanEC2Images(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeImagesPaginator(ec2Client(p), &ec2.DescribeImagesInput{
		MaxResults:        aws.Int32(ec2Page),
		Owners:            []string{"self"},
		IncludeDeprecated: aws.Bool(true),
		IncludeDisabled:   aws.Bool(true),
	})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeImagesOutput) []types.Image { return page.Images }, readEC2Image)
}

func readEC2Image(_ context.Context, p *engine.Place, image types.Image) {
	if !ownedHere(p, image.OwnerId) {
		return
	}
	r := p.Read()
	doc := EC2Image{Public: r.Flag(image.Public, "ec2:DescribeImages", "public")}
	tags, name := ec2Tags(image.Tags)
	r.Emit(p.ARN("ec2", "image/"+aws.ToString(image.ImageId)), cmp.Or(name, aws.ToString(image.Name)), tags, &doc)
}
