package e2e

import (
	"archive/zip"
	"bytes"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autotypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// balancers makes load balancers and their listeners.
func (b *builder) balancers(n network) {
	client := elb.NewFromConfig(b.cfg)
	b.bucket("logs-of-balancers", nil)
	group, err := client.CreateTargetGroup(b.ctx, &elb.CreateTargetGroupInput{Name: new("web"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &n.vpc})
	b.need(err)
	b.call("good-targets", group.TargetGroups[0].TargetGroupArn)
	second, err := client.CreateTargetGroup(b.ctx, &elb.CreateTargetGroupInput{Name: new("front"), Protocol: elbtypes.ProtocolEnumTcp, Port: new(int32(80)), VpcId: &n.vpc})
	b.need(err)
	b.call("bad-targets", second.TargetGroups[0].TargetGroupArn)
	to := []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: group.TargetGroups[0].TargetGroupArn}}
	good := b.balancer("good-balancer", elbtypes.LoadBalancerTypeEnumApplication, n.subnets)
	b.attributes(good, "deletion_protection.enabled", "true", "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "logs-of-balancers",
		"routing.http.drop_invalid_header_fields.enabled", "true", "routing.http.desync_mitigation_mode", "defensive")
	bad := b.balancer("bad-balancer", elbtypes.LoadBalancerTypeEnumApplication, n.subnets[:1])
	b.attributes(bad, "deletion_protection.enabled", "false", "access_logs.s3.enabled", "false",
		"routing.http.drop_invalid_header_fields.enabled", "false", "routing.http.desync_mitigation_mode", "monitor")
	redirect := []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{
		Protocol: new("HTTPS"), Port: new("443"), StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301}}}
	b.listener("good-http", &elb.CreateListenerInput{LoadBalancerArn: &good, Port: new(int32(80)), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: redirect})
	b.listener("good-https", secure(&elb.CreateListenerInput{LoadBalancerArn: &good, DefaultActions: to}, elbtypes.ProtocolEnumHttps, "ELBSecurityPolicy-TLS13-1-2-2021-06"))
	b.listener("bad-http", &elb.CreateListenerInput{LoadBalancerArn: &bad, Port: new(int32(80)), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: to})
	b.listener("bad-https", secure(&elb.CreateListenerInput{LoadBalancerArn: &bad, DefaultActions: to}, elbtypes.ProtocolEnumHttps, "ELBSecurityPolicy-2016-08"))
	front := b.balancer("good-front", elbtypes.LoadBalancerTypeEnumNetwork, n.subnets)
	b.attributes(front, "deletion_protection.enabled", "true", "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "logs-of-balancers")
	b.listener("good-tls", secure(&elb.CreateListenerInput{LoadBalancerArn: &front, DefaultActions: to}, elbtypes.ProtocolEnumTls, "ELBSecurityPolicy-TLS13-1-2-2021-06"))
	b.listener("bad-tcp", &elb.CreateListenerInput{LoadBalancerArn: &front, Port: new(int32(80)), Protocol: elbtypes.ProtocolEnumTcp, DefaultActions: to})
	weak := b.balancer("bad-front", elbtypes.LoadBalancerTypeEnumNetwork, n.subnets)
	b.listener("bad-tcp-of-bad-front", &elb.CreateListenerInput{LoadBalancerArn: &weak, Port: new(int32(80)), Protocol: elbtypes.ProtocolEnumTcp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: second.TargetGroups[0].TargetGroupArn}}})
}

func (b *builder) balancer(name string, kind elbtypes.LoadBalancerTypeEnum, subnets []string) string {
	b.t.Helper()
	out, err := elb.NewFromConfig(b.cfg).CreateLoadBalancer(b.ctx, &elb.CreateLoadBalancerInput{
		Name: &name, Type: kind, Subnets: subnets, Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing})
	b.need(err)
	return b.call(name, out.LoadBalancers[0].LoadBalancerArn)
}

// attributes sets attributes of a load balancer, given as keys and values.
func (b *builder) attributes(balancer string, pairs ...string) {
	b.t.Helper()
	var set []elbtypes.LoadBalancerAttribute
	for i := 0; i < len(pairs); i += 2 {
		set = append(set, elbtypes.LoadBalancerAttribute{Key: &pairs[i], Value: &pairs[i+1]})
	}
	b.ok(elb.NewFromConfig(b.cfg).ModifyLoadBalancerAttributes(b.ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &balancer, Attributes: set}))
}

// secure makes a listener one with TLS.
func secure(input *elb.CreateListenerInput, protocol elbtypes.ProtocolEnum, policy string) *elb.CreateListenerInput {
	input.Port, input.Protocol, input.SslPolicy = new(int32(443)), protocol, &policy
	input.Certificates = []elbtypes.Certificate{{CertificateArn: new("arn:aws:iam::" + own + ":server-certificate/good-certificate")}}
	return input
}

func (b *builder) listener(name string, input *elb.CreateListenerInput) string {
	b.t.Helper()
	out, err := elb.NewFromConfig(b.cfg).CreateListener(b.ctx, input)
	b.need(err)
	return b.call(name, out.Listeners[0].ListenerArn)
}

// fleets makes Auto Scaling groups: two behind a load balancer.
func (b *builder) fleets(n network) {
	client := autoscaling.NewFromConfig(b.cfg)
	b.ok(client.CreateLaunchConfiguration(b.ctx, &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: new("web"), ImageId: new("ami-12345678"), InstanceType: new("t3.micro")}))
	group, err := elb.NewFromConfig(b.cfg).CreateTargetGroup(b.ctx, &elb.CreateTargetGroupInput{
		Name: new("fleet"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &n.vpc})
	b.need(err)
	for _, fleet := range []struct{ name, subnets, check string }{
		{"good-fleet", n.subnets[0] + "," + n.subnets[1], "ELB"},
		{"bad-fleet-one-zone", n.subnets[0], "ELB"},
		{"bad-fleet-no-check", n.subnets[0] + "," + n.subnets[1], "EC2"},
	} {
		b.ok(client.CreateAutoScalingGroup(b.ctx, &autoscaling.CreateAutoScalingGroupInput{
			AutoScalingGroupName: &fleet.name, LaunchConfigurationName: new("web"), MinSize: new(int32(0)), MaxSize: new(int32(2)), DesiredCapacity: new(int32(0)),
			VPCZoneIdentifier: &fleet.subnets, HealthCheckType: &fleet.check, HealthCheckGracePeriod: new(int32(60)),
			TargetGroupARNs: []string{aws.ToString(group.TargetGroups[0].TargetGroupArn)},
			Tags:            []autotypes.Tag{{Key: new("owner"), Value: new("web-team")}},
		}))
	}
	b.ok(client.SuspendProcesses(b.ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: new("bad-fleet-no-check"), ScalingProcesses: []string{"ReplaceUnhealthy"}}))
}

// functions makes Lambda functions.
func (b *builder) functions(n network, key string) {
	client := lambda.NewFromConfig(b.cfg)
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	entry, err := archive.Create("bootstrap")
	b.need(err)
	b.ok(entry.Write([]byte("#!/bin/sh\n")))
	b.need(archive.Close())
	role := "arn:aws:iam::" + own + ":role/good-role"
	b.ok(client.CreateFunction(b.ctx, &lambda.CreateFunctionInput{
		FunctionName: new("good-function"), Role: &role, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: new("bootstrap"),
		Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()}, KMSKeyArn: &key, VpcConfig: &lambdatypes.VpcConfig{SubnetIds: n.subnets, SecurityGroupIds: []string{n.closed}},
		Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "made-up"}},
	}))
	b.ok(client.CreateFunction(b.ctx, &lambda.CreateFunctionInput{
		FunctionName: new("bad-function"), Role: new("arn:aws:iam::" + own + ":role/bad-lent"), Runtime: lambdatypes.RuntimePython38, Handler: new("a.b"),
		Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()}, VpcConfig: &lambdatypes.VpcConfig{SubnetIds: n.subnets[:1], SecurityGroupIds: []string{n.closed}},
		Environment: &lambdatypes.Environment{Variables: map[string]string{"KEY": "AKIA" + "QYLPMN5HFIQR7XYA"}}, // of the form of a key, and none
	}))
	for _, name := range []string{"good-function", "bad-function"} {
		b.ok(client.AddPermission(b.ctx, &lambda.AddPermissionInput{FunctionName: &name, StatementId: new("objects"),
			Action: new("lambda:InvokeFunction"), Principal: new("s3.amazonaws.com"), SourceAccount: new(own)}))
	}
	b.ok(client.AddPermission(b.ctx, &lambda.AddPermissionInput{FunctionName: new("bad-function"), StatementId: new("all"),
		Action: new("lambda:InvokeFunction"), Principal: new("*")}))
}
