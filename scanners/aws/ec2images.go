package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// EC2Image is what rules may ask of a machine image that the account owns.
type EC2Image struct {
	Public bool `json:"public"` // every AWS account can start it
}

var ec2Images = scanner{
	Type:  "AWS::EC2::Image",
	Doc:   EC2Image{},
	Calls: []call{{Op: "ec2:DescribeImages"}},
	Scan:  scanEC2Images,
}

func scanEC2Images(ctx context.Context, p *place) error {
	pages := ec2.NewDescribeImagesPaginator(ec2Client(p), &ec2.DescribeImagesInput{
		MaxResults:        aws.Int32(ec2Page),
		Owners:            []string{"self"},
		IncludeDeprecated: aws.Bool(true),
		IncludeDisabled:   aws.Bool(true),
	})
	return eachPage(ctx, pages, func(page *ec2.DescribeImagesOutput) error {
		return each(ctx, p, page.Images, p.readEC2Image)
	})
}

func (p *place) readEC2Image(_ context.Context, image types.Image) {
	r := p.read()
	doc := EC2Image{Public: r.flag(image.Public, "ec2:DescribeImages", "public")}
	tags, name := ec2Tags(image.Tags)
	if name == "" {
		name = aws.ToString(image.Name)
	}
	r.emit(p.arn("ec2", "image/"+aws.ToString(image.ImageId)), name, tags, &doc)
}
