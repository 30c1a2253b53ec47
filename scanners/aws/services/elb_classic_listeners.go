package services

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"posture/scanners/aws/engine"
)

// readClassicListeners sets what clients can reach a Classic Load Balancer by.
// One of a protocol that is not known leaves both lists unread.
func readClassicListeners(r *engine.Reading, balancer types.LoadBalancerDescription, doc *ClassicLoadBalancer) {
	const op = "elb:DescribeLoadBalancers"
	if balancer.ListenerDescriptions == nil {
		r.Absent(op, "plain_listeners", "foreign_certificates")
	}
	for _, described := range balancer.ListenerDescriptions {
		var listener types.Listener
		if described.Listener != nil {
			listener = *described.Listener
		}
		name := fmt.Sprintf("%s:%d", aws.ToString(listener.Protocol), listener.LoadBalancerPort)
		switch strings.ToUpper(aws.ToString(listener.Protocol)) {
		case "HTTP", "TCP":
			doc.PlainListeners = append(doc.PlainListeners, name)
		case "HTTPS", "SSL":
			certificate := word(r, aws.ToString(listener.SSLCertificateId), op, "foreign_certificates")
			if of, err := arn.Parse(certificate); err != nil || of.Service != "acm" {
				doc.ForeignCertificates = append(doc.ForeignCertificates, name)
			}
		case "":
			r.Absent(op, "plain_listeners", "foreign_certificates")
		default:
			r.Got(engine.Malformed(op, errNewValue), "plain_listeners", "foreign_certificates")
		}
	}
}
