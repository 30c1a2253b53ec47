package services

import (
	"testing"

	"posture/internal/posture"
)

func TestECSServices(t *testing.T) {
	const arn, describe, tasks = "arn:aws:ecs:us-east-1:111122223333:", "ecs:DescribeServices", "ecs:DescribeTasks"
	service := func(name string, doc ECSService, unread ...posture.Unread) posture.Resource {
		r := posture.Resource{ID: arn + "service/shop/" + name, Name: name, Doc: &doc, Unread: unread}
		if name == "web" {
			r.Tags = map[string]string{"owner": "shop"}
		}
		return r
	}
	agent := service("agent", ECSService{Daemon: true, Desired: 3})
	jobs, web := service("jobs", ECSService{Desired: 2, Zones: 1, OwnInterfaces: true, PublicIP: true}), service("web", ECSService{Desired: 2, Zones: 2, OwnInterfaces: true})
	third := func(rest string) map[string]string {
		return map[string]string{tasks + " tasks.1=" + arn + "task/shop/3": `{"tasks": [{"group": "service:jobs", "lastStatus": "RUNNING"` + rest + `}, {"group": "service:jobs", "lastStatus": "STOPPED"}]}`}
	}
	unknown := func(unread []posture.Unread) []posture.Resource {
		return []posture.Resource{agent, service("jobs", ECSService{Desired: 2, OwnInterfaces: true, PublicIP: true}, unread...), service("web", ECSService{Desired: 2, OwnInterfaces: true}, unread...)}
	}
	one := func(network string) map[string]string {
		return map[string]string{describe + " services.1=" + arn + "service/shop/web": `{"services": [{"serviceArn": "` + arn + `service/shop/web", "serviceName": "idle", "status": "ACTIVE", "desiredCount": 0, "schedulingStrategy": "REPLICA", ` + network + `}]}`}
	}
	testReading(t, "AWS::ECS::Service", []readingTest{
		{name: "as they are", want: []posture.Resource{agent, jobs, web}},
		{name: "in a Local Zone", sections: third(`, "availabilityZone": "us-east-1-bos-1a"`), want: []posture.Resource{agent, service("jobs", ECSService{Desired: 2, Edge: true, OwnInterfaces: true, PublicIP: true}), web}},
		{name: "on a machine of one's own", sections: third(`, "launchType": "EXTERNAL"`), want: []posture.Resource{agent, service("jobs", ECSService{Desired: 2, Edge: true, OwnInterfaces: true, PublicIP: true}), web}},
		{name: "on machines of one's own, and none of its tasks runs", sections: map[string]string{describe + " services.1=" + arn + "service/shop/web": `{"services": [{"serviceArn": "` + arn + `service/shop/web", "serviceName": "idle", "status": "ACTIVE", "desiredCount": 2, "schedulingStrategy": "REPLICA", "launchType": "EXTERNAL"}]}`},
			want: []posture.Resource{agent, jobs, {ID: arn + "service/shop/web", Name: "idle", Doc: &ECSService{Desired: 2, Edge: true}}}},
		{name: "a task set with public addresses", sections: one(`"taskSets": [{"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}}}]`),
			want: []posture.Resource{agent, jobs, {ID: arn + "service/shop/web", Name: "idle", Doc: &ECSService{OwnInterfaces: true, PublicIP: true}}}},
		{name: "not said whether addresses are public", sections: one(`"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}`),
			want: []posture.Resource{agent, jobs, {ID: arn + "service/shop/web", Name: "idle", Doc: &ECSService{OwnInterfaces: true}, Unread: unsaid(describe, "public_ip")}}},
		{name: "no zone of a task", sections: third(""), want: unknown(unsaid(tasks, "edge", "zones"))},
		{name: "a task is not described", sections: map[string]string{tasks + " tasks.1=" + arn + "task/shop/3": `{"tasks": []}`}, want: unknown(unsaid(tasks, "edge", "zones"))},
		{name: "tasks refused", sections: map[string]string{"ecs:ListTasks error=AccessDeniedException": ""}, want: unknown(refused("ecs:ListTasks", "AccessDeniedException", "ecs:ListTasks", "edge", "zones"))},
		{name: "being deleted", sections: map[string]string{describe + " services.1=" + arn + "service/shop/web": `{"services": [{"serviceArn": "` + arn + `service/shop/web", "serviceName": "web", "status": "DRAINING"}]}`},
			want: []posture.Resource{agent, jobs}},
		{name: "a service is not described", sections: map[string]string{describe + " services.1=" + arn + "service/shop/jobs": `{"services": []}`},
			want: []posture.Resource{web}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: describe}},
		{name: "the cluster is deleted meanwhile", sections: map[string]string{"ecs:ListServices cluster=" + arn + "cluster/empty error=ClusterNotFoundException": ""}, want: []posture.Resource{agent, jobs, web}},
		{name: "second page of clusters broken", sections: map[string]string{"ecs:ListClusters nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{agent, jobs, web}, cause: brokenListing("ecs:ListClusters")},
	})
}
