package services

import (
	"testing"

	"posture/internal/posture"
)

func TestSageMakerNotebooks(t *testing.T) {
	notebook := func(name string, doc SageMakerNotebook, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "good" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	const describe = "sagemaker:DescribeNotebookInstance"
	good := notebook("good", SageMakerNotebook{CustomerKey: true, InVPC: true})
	open := SageMakerNotebook{DirectInternet: true, RootAccess: true, LendsTo: lent("sagemaker:CreatePresignedNotebookInstanceUrl")}
	opens := lentEstate("sagemaker:CreatePresignedNotebookInstanceUrl")
	alone := open
	alone.LendsTo = nil
	testReading(t, "AWS::SageMaker::NotebookInstance", []readingTest{
		{name: "one lends its role", sections: opens, want: []posture.Resource{good, notebook("open", open)}},
		{name: "nobody may open one", sections: lentEstate("sagemaker:DescribeNotebookInstance"), want: []posture.Resource{good, notebook("open", alone)}},
		{name: "a key of AWS by its alias", sections: and(opens, describe+" NotebookInstanceName=open", `{"RoleArn": "arn:aws:iam::111122223333:role/admin", "KmsKeyId": "alias/aws/sagemaker", "DirectInternetAccess": "Enabled", "RootAccess": "Enabled"}`),
			want: []posture.Resource{good, notebook("open", open)}},
		{name: "one refused", sections: and(opens, describe+" NotebookInstanceName=good error=AccessDeniedException", ""),
			want: []posture.Resource{notebook("good", SageMakerNotebook{}, refused(describe, "AccessDeniedException", describe, ofNotebook...)...), notebook("open", open)}},
		{name: "says nothing but its name", sections: and(opens, describe+" NotebookInstanceName=open", `{"NotebookInstanceName": "open"}`),
			want: []posture.Resource{good, notebook("open", SageMakerNotebook{}, unsaid(describe, "direct_internet", "lends_to", "root_access")...)}},
		{name: "second page broken", sections: and(opens, "sagemaker:ListNotebookInstances NextToken=two error=InternalError status=500", ""),
			want: []posture.Resource{good}, cause: brokenListing("sagemaker:ListNotebookInstances")},
	})
}
