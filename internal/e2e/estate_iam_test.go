package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func (b *builder) iam() *iam.Client { return iam.NewFromConfig(b.cfg) }

// identities makes users, groups, roles, policies and certificates.
func (b *builder) identities() {
	reads := b.managedPolicy("good-reads", allow("", "s3:GetObject", "arn:aws:s3:::good-data/*"))
	b.managedPolicy("bad-everything", allow("", "*", "*"))
	b.managedPolicy("bad-service", allow("", "dynamodb:*", "*"))
	b.managedPolicy("bad-escalates", allow("", "iam:CreatePolicyVersion", "*"))
	b.managedPolicy("bad-silences", allow("", "cloudtrail:StopLogging", "*"))
	b.groups(reads)
	b.users(reads)
	b.roles(reads)
	b.certificate("good-certificate", time.Now().AddDate(1, 0, 0))
	b.certificate("bad-certificate", time.Now().AddDate(0, 0, -1))
}

func (b *builder) managedPolicy(name string, statements ...statement) string {
	b.t.Helper()
	out, err := b.iam().CreatePolicy(b.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: new(policy(statements...))})
	b.need(err)
	return aws.ToString(out.Policy.Arn)
}

func (b *builder) groups(reads string) {
	client := b.iam()
	for _, name := range []string{"good-group", "bad-group", "bad-admins"} {
		b.ok(client.CreateGroup(b.ctx, &iam.CreateGroupInput{GroupName: &name}))
	}
	b.ok(client.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: new("good-group"), PolicyArn: &reads}))
	b.ok(client.PutGroupPolicy(b.ctx, &iam.PutGroupPolicyInput{GroupName: new("bad-group"), PolicyName: new("inside"),
		PolicyDocument: new(policy(allow("", "dynamodb:*", "*"), allow("", "iam:CreatePolicyVersion", "*"), allow("", "cloudtrail:StopLogging", "*")))}))
	b.ok(client.AttachGroupPolicy(b.ctx, &iam.AttachGroupPolicyInput{GroupName: new("bad-admins"), PolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")}))
}

// users makes one with all that it should have, one without, and one whose
// credentials are old, which correctReport makes so.
func (b *builder) users(reads string) {
	client := b.iam()
	for _, name := range []string{"good-user", "bad-user", "bad-idle"} {
		b.ok(client.CreateUser(b.ctx, &iam.CreateUserInput{UserName: &name}))
		b.ok(client.CreateLoginProfile(b.ctx, &iam.CreateLoginProfileInput{UserName: &name, Password: new("Made-up-0123456789!")}))
		b.ok(client.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: &name}))
		if name != "bad-user" {
			b.multiFactor(name)
		}
	}
	b.ok(client.AddUserToGroup(b.ctx, &iam.AddUserToGroupInput{UserName: new("good-user"), GroupName: new("good-group")}))
	b.ok(client.AddUserToGroup(b.ctx, &iam.AddUserToGroupInput{UserName: new("bad-idle"), GroupName: new("bad-group")}))
	b.ok(client.CreateAccessKey(b.ctx, &iam.CreateAccessKeyInput{UserName: new("bad-user")}))
	b.ok(client.AttachUserPolicy(b.ctx, &iam.AttachUserPolicyInput{UserName: new("bad-user"), PolicyArn: &reads}))
	b.ok(client.PutUserPolicy(b.ctx, &iam.PutUserPolicyInput{UserName: new("bad-user"), PolicyName: new("bad-inline"),
		PolicyDocument: new(policy(allow("", "*", "*")))}))
}

// multiFactor gives a user an MFA device.
func (b *builder) multiFactor(user string) {
	b.t.Helper()
	client := b.iam()
	device, err := client.CreateVirtualMFADevice(b.ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &user})
	b.need(err)
	b.ok(client.EnableMFADevice(b.ctx, &iam.EnableMFADeviceInput{UserName: &user, SerialNumber: device.VirtualMFADevice.SerialNumber,
		AuthenticationCode1: new("123456"), AuthenticationCode2: new("654321")}))
}

// roles makes one as it should be, and one that an unknown account may take,
// that may do everything, and that is idle, which correctDetails makes it. One
// more is for anybody whom an identity provider knows, and can get more.
func (b *builder) roles(reads string) {
	client := b.iam()
	b.role("good-role", trust("Service", "ec2.amazonaws.com"))
	b.ok(client.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: new("good-role"), PolicyArn: &reads}))
	b.role("bad-role", trust("AWS", "arn:aws:iam::"+otherAccount+":root"))
	b.ok(client.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: new("bad-role"), PolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")}))
	b.ok(client.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: new("bad-role"), PolicyName: new("inside"),
		PolicyDocument: new(policy(allow("", "s3:GetObject", "arn:aws:s3:::good-data/*")))}))
	b.role("bad-federated", policy(statement{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": map[string]string{"Federated": "arn:aws:iam::" + own + ":oidc-provider/token.actions.githubusercontent.com"}}))
	b.ok(client.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: new("bad-federated"), PolicyArn: new("arn:aws:iam::aws:policy/AWSLambda_FullAccess")}))
	b.ok(client.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: new("bad-federated"), PolicyName: new("climbs"),
		PolicyDocument: new(policy(allow("", "iam:PutRolePolicy", "*")))}))
	b.profile("good-profile", "good-role")
	b.lent()
}

// lent makes a role with full access for machines and functions, and one that
// gets at it by what they run.
func (b *builder) lent() {
	client := b.iam()
	b.role("bad-lent", trust("Service", "ec2.amazonaws.com"))
	b.ok(client.AttachRolePolicy(b.ctx, &iam.AttachRolePolicyInput{RoleName: new("bad-lent"), PolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")}))
	b.profile("bad-profile", "bad-lent")
	b.role("bad-borrower", trust("Service", "ec2.amazonaws.com"))
	b.ok(client.PutRolePolicy(b.ctx, &iam.PutRolePolicyInput{RoleName: new("bad-borrower"), PolicyName: new("borrows"),
		PolicyDocument: new(policy(allow("", "lambda:UpdateFunctionCode", "*"), allow("", "ssm:SendCommand", "*"), allow("", "codebuild:StartBuild", "*"),
			allow("", "ec2:CreateLaunchTemplateVersion", "*"), allow("", "ec2:ModifyLaunchTemplate", "*"), allow("", "cloudformation:UpdateStack", "*"),
			allow("", "sagemaker:CreatePresignedNotebookInstanceUrl", "*"), allow("", "glue:UpdateDevEndpoint", "*"), allow("", "glue:StartJobRun", "*")))}))
}

func (b *builder) profile(name, role string) {
	b.ok(b.iam().CreateInstanceProfile(b.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &name}))
	b.ok(b.iam().AddRoleToInstanceProfile(b.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &role}))
}

func (b *builder) role(name, trust string) string {
	b.t.Helper()
	out, err := b.iam().CreateRole(b.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	b.need(err)
	return aws.ToString(out.Role.Arn)
}

// certificate uploads a server certificate that is valid until then.
func (b *builder) certificate(name string, until time.Time) {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.need(err)
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.com"},
		NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
	}
	body, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	b.need(err)
	secret, err := x509.MarshalECPrivateKey(key)
	b.need(err)
	b.ok(b.iam().UploadServerCertificate(b.ctx, &iam.UploadServerCertificateInput{ServerCertificateName: &name,
		CertificateBody: new(inPEM("CERTIFICATE", body)), PrivateKey: new(inPEM("EC PRIVATE KEY", secret))}))
}

func inPEM(kind string, body []byte) string {
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: kind, Bytes: body}) // into memory
	return text.String()
}
