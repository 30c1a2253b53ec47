package services

import (
	"testing"

	"posture/internal/posture"
)

func TestRestAPIs(t *testing.T) {
	const list, methods, arn = "apigateway:GetRestApis", "apigateway:GetResources", "arn:aws:apigateway:us-east-1::/restapis/"
	api := func(id, name string, doc RestAPI, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + id, Name: name, Doc: &doc, Unread: unread}
	}
	inner := api("inner1", "inner", RestAPI{Private: true, OpenMethods: []string{"GET /"}})
	shop := api("shop1", "shop", RestAPI{OpenMethods: []string{"GET /carts", "POST /orders"}})
	shop.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::ApiGateway::RestApi", []readingTest{
		{name: "two pages", want: []posture.Resource{inner, shop}},
		{name: "methods refused", sections: map[string]string{methods + " RestApiId=inner1 error=AccessDeniedException status=403": ""},
			want: []posture.Resource{api("inner1", "inner", RestAPI{Private: true}, refused(methods, "AccessDeniedException", "apigateway:GET", "open_methods")...), shop}},
		{name: "a method that does not say", sections: map[string]string{methods + " RestApiId=inner1": `{"item": [{"path": "/", "resourceMethods": {"GET": {"httpMethod": "GET"}}}]}`},
			want: []posture.Resource{api("inner1", "inner", RestAPI{Private: true}, unsaid(methods, "open_methods")...), shop}},
		{name: "deleted meanwhile", sections: map[string]string{methods + " RestApiId=inner1 error=NotFoundException status=404": ""}, want: []posture.Resource{shop}},
		{name: "an API that does not say who reaches it", sections: map[string]string{list + " position=two": `{"item": [{"id": "inner1", "name": "inner"}]}`},
			want: []posture.Resource{api("inner1", "inner", RestAPI{OpenMethods: []string{"GET /"}}, unsaid(list, "private")...), shop}},
		{name: "second page broken", sections: map[string]string{list + " position=two error=InternalError status=500": ""}, want: []posture.Resource{shop}, cause: brokenListing(list)},
	})
}

func TestRestStages(t *testing.T) {
	const list, stages, arn = "apigateway:GetRestApis", "apigateway:GetStages", "arn:aws:apigateway:us-east-1::/restapis/"
	stage := func(api, name string, doc RestStage, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + api + "1/stages/" + name, Name: api + "/" + name, Doc: &doc, Unread: unread}
	}
	inner := stage("inner", "live", RestStage{Private: true})
	live := stage("shop", "live", RestStage{AccessLogs: true, ExecutionLogs: true, Caches: true, PlainCaches: []string{"~1orders/GET"}, WebACL: true})
	live.Tags = map[string]string{"owner": "shop"}
	test := stage("shop", "test", RestStage{})
	denied := &posture.Cause{Reason: posture.Denied, Operation: stages, Code: "AccessDeniedException", Permission: "apigateway:GET"}
	testReading(t, "AWS::ApiGateway::Stage", []readingTest{
		{name: "two pages", want: []posture.Resource{inner, live, test}},
		{name: "the answer does not say", sections: map[string]string{stages + " RestApiId=inner1": `{"item": [{"stageName": "live"}]}`},
			want: []posture.Resource{stage("inner", "live", RestStage{Private: true}, unsaid(stages, stageFields...)...), live, test}},
		{name: "a level that nobody knows", sections: map[string]string{stages + " RestApiId=inner1": `{"item": [{"stageName": "live", "deploymentId": "d1", "methodSettings": {"*/*": {"loggingLevel": "TRACE"}}}]}`},
			want: []posture.Resource{stage("inner", "live", RestStage{Private: true}, unknownValue(stages, "execution_logs")...), live, test}},
		{name: "one API refused", sections: map[string]string{stages + " RestApiId=inner1 error=AccessDeniedException status=403": ""}, want: []posture.Resource{live, test}, cause: denied},
		{name: "an API deleted meanwhile", sections: map[string]string{stages + " RestApiId=inner1 error=NotFoundException status=404": ""}, want: []posture.Resource{live, test}},
		{name: "second page broken", sections: map[string]string{list + " position=two error=InternalError status=500": ""}, want: []posture.Resource{live, test}, cause: brokenListing(list)},
	})
}

func TestHTTPAPIs(t *testing.T) {
	const list, routes, arn = "apigatewayv2:GetApis", "apigatewayv2:GetRoutes", "arn:aws:apigateway:us-east-1::/apis/"
	api := func(id, name string, doc HTTPAPI, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + id, Name: name, Doc: &doc, Unread: unread}
	}
	orders, chat := api("h1", "orders", HTTPAPI{Protocol: "HTTP", OpenRoutes: []string{"$default"}}), api("w1", "chat", HTTPAPI{Protocol: "WEBSOCKET"})
	orders.Tags = map[string]string{"owner": "shop"}
	testReading(t, "AWS::ApiGatewayV2::Api", []readingTest{
		{name: "two pages", want: []posture.Resource{orders, chat}},
		{name: "routes refused", sections: map[string]string{routes + " ApiId=w1 error=AccessDeniedException status=403": ""},
			want: []posture.Resource{orders, api("w1", "chat", HTTPAPI{Protocol: "WEBSOCKET"}, refused(routes, "AccessDeniedException", "apigateway:GET", "open_routes")...)}},
		{name: "a route that does not say", sections: map[string]string{routes + " ApiId=w1": `{"items": [{"routeKey": "$connect"}]}`},
			want: []posture.Resource{orders, api("w1", "chat", HTTPAPI{Protocol: "WEBSOCKET"}, unsaid(routes, "open_routes")...)}},
		{name: "deleted meanwhile", sections: map[string]string{routes + " ApiId=w1 error=NotFoundException status=404": ""}, want: []posture.Resource{orders}},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{orders}, cause: brokenListing(list)},
	})
}

func TestHTTPStages(t *testing.T) {
	const list, stages, arn = "apigatewayv2:GetApis", "apigatewayv2:GetStages", "arn:aws:apigateway:us-east-1::/apis/"
	stage := func(api, of, name string, doc HTTPStage, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + api + "/stages/" + name, Name: of + "/" + name, Doc: &doc, Unread: unread}
	}
	orders, plain := stage("h1", "orders", "$default", HTTPStage{AccessLogs: true}), stage("h1", "orders", "test", HTTPStage{})
	orders.Tags = map[string]string{"owner": "shop"}
	chat, silent := stage("w1", "chat", "live", HTTPStage{ExecutionLogs: true}), stage("w1", "chat", "test", HTTPStage{})
	denied := &posture.Cause{Reason: posture.Denied, Operation: stages, Code: "AccessDeniedException", Permission: "apigateway:GET"}
	testReading(t, "AWS::ApiGatewayV2::Stage", []readingTest{
		{name: "two pages", want: []posture.Resource{orders, plain, chat, silent}},
		{name: "the answer does not say", sections: map[string]string{stages + " ApiId=w1": `{"items": [{"stageName": "live"}]}`},
			want: []posture.Resource{orders, plain, stage("w1", "chat", "live", HTTPStage{}, unsaid(stages, "access_logs", "execution_logs")...)}},
		{name: "a level that nobody knows", sections: map[string]string{stages + " ApiId=w1": `{"items": [{"stageName": "live", "createdDate": "2026-01-01T00:00:00Z", "defaultRouteSettings": {"loggingLevel": "TRACE"}}]}`},
			want: []posture.Resource{orders, plain, stage("w1", "chat", "live", HTTPStage{}, unknownValue(stages, "execution_logs")...)}},
		{name: "one API refused", sections: map[string]string{stages + " ApiId=w1 error=AccessDeniedException status=403": ""}, want: []posture.Resource{orders, plain}, cause: denied},
		{name: "second page broken", sections: map[string]string{list + " nextToken=two error=InternalError status=500": ""}, want: []posture.Resource{orders, plain}, cause: brokenListing(list)},
	})
}
