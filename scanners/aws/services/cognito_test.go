package services

import (
	"testing"

	"posture/internal/posture"
)

func TestCognitoUserPools(t *testing.T) {
	pool := func(id, name string, doc CognitoUserPool, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_" + id, Name: name, Doc: &doc, Unread: unread}
		if name == "good" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	const describe = "cognito-idp:DescribeUserPool"
	good := pool("Good1", "good", CognitoUserPool{MFA: "ON", MinimumLength: 12, Uppercase: true, Lowercase: true, Numbers: true, Symbols: true})
	testReading(t, "AWS::Cognito::UserPool", []readingTest{
		{name: "as they are", want: []posture.Resource{good, pool("Weak1", "weak", CognitoUserPool{MFA: "OFF", MinimumLength: 6})}},
		{name: "one refused", sections: map[string]string{describe + " UserPoolId=us-east-1_Weak1 error=NotAuthorizedException status=403": ""},
			want: []posture.Resource{good, pool("Weak1", "weak", CognitoUserPool{}, refused(describe, "NotAuthorizedException", describe, ofUserPool...)...)}},
		{name: "says nothing", sections: map[string]string{describe + " UserPoolId=us-east-1_Weak1": `{"UserPool": {}}`},
			want: []posture.Resource{good, pool("Weak1", "weak", CognitoUserPool{}, unsaid(describe, append([]string{"mfa"}, ofPasswords...)...)...)}},
		{name: "second page broken", sections: map[string]string{"cognito-idp:ListUserPools NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{good}, cause: brokenListing("cognito-idp:ListUserPools")},
	})
}

func TestCognitoIdentityPools(t *testing.T) {
	pool := func(id, name string, tags map[string]string, doc CognitoIdentityPool, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:cognito-identity:us-east-1:111122223333:identitypool/us-east-1:" + id + "-0000-0000-0000-000000000000", Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	const describe = "cognito-identity:DescribeIdentityPool"
	members := pool("11111111", "members", map[string]string{"owner": "shop"}, CognitoIdentityPool{})
	silent := pool("22222222", "guests", nil, CognitoIdentityPool{})
	silent.Unread = unsaid(describe, "guests", "tags")
	testReading(t, "AWS::Cognito::IdentityPool", []readingTest{
		{name: "as they are", want: []posture.Resource{members, pool("22222222", "guests", nil, CognitoIdentityPool{Guests: true})}},
		{name: "does not say of guests", sections: map[string]string{describe + " IdentityPoolId=us-east-1:22222222-0000-0000-0000-000000000000": `{"IdentityPoolName": "guests"}`},
			want: []posture.Resource{members, silent}},
		{name: "second page broken", sections: map[string]string{"cognito-identity:ListIdentityPools NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{members}, cause: brokenListing("cognito-identity:ListIdentityPools")},
	})
}
