package services

import (
	"testing"

	"posture/internal/posture"
)

func TestTransferServers(t *testing.T) {
	const list, describe, arn = "transfer:ListServers", "transfer:DescribeServer", "arn:aws:transfer:us-east-1:111122223333:server/"
	server := func(id string, doc TransferServer, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + id, Name: id, Doc: &doc, Unread: unread}
	}
	good, bad := server("s-good", TransferServer{Protocols: []string{"SFTP"}}), server("s-plain", TransferServer{Protocols: []string{"SFTP", "FTP"}})
	good.Tags = map[string]string{"owner": "shop"}
	plain := func(body string) map[string]string { return map[string]string{describe + " ServerId=s-plain": body} }
	testReading(t, "AWS::Transfer::Server", []readingTest{
		{name: "two pages", want: []posture.Resource{good, bad}},
		{name: "the answer does not say", sections: plain(`{"Server": {"Arn": "` + arn + `s-plain"}}`), want: []posture.Resource{good, server("s-plain", TransferServer{}, unsaid(describe, "protocols")...)}},
		{name: "one refused", sections: map[string]string{describe + " ServerId=s-plain error=AccessDeniedException": ""},
			want: []posture.Resource{good, server("s-plain", TransferServer{}, refused(describe, "AccessDeniedException", describe, "protocols", "tags")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{good}, cause: brokenListing(list)},
	})
}

func TestMQBrokers(t *testing.T) {
	const list, describe, arn = "mq:ListBrokers", "mq:DescribeBroker", "arn:aws:mq:us-east-1:111122223333:broker:"
	broker := func(name, id string, doc MQBroker, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + name + ":" + id, Name: name, Doc: &doc, Unread: unread}
	}
	orders := broker("orders", "b-1", MQBroker{Engine: "ACTIVEMQ", GeneralLogs: true, AuditLogs: true})
	orders.Tags = map[string]string{"owner": "shop"}
	carts := broker("carts", "b-2", MQBroker{Engine: "RABBITMQ"})
	testReading(t, "AWS::AmazonMQ::Broker", []readingTest{
		{name: "two pages, and one that is being deleted", want: []posture.Resource{carts, orders}},
		{name: "the answer does not say", sections: map[string]string{describe + " BrokerId=b-1": `{"brokerId": "b-1", "engineType": "ActiveMQ"}`},
			want: []posture.Resource{carts, broker("orders", "b-1", MQBroker{Engine: "ACTIVEMQ"}, unsaid(describe, "general_logs", "audit_logs")...)}},
		{name: "one refused", sections: map[string]string{describe + " BrokerId=b-2 error=ForbiddenException status=403": ""},
			want: []posture.Resource{broker("carts", "b-2", MQBroker{Engine: "RABBITMQ"}, refused(describe, "ForbiddenException", describe, "general_logs", "audit_logs", "tags")...), orders}},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{orders}, cause: brokenListing(list)},
	})
}
