package services

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ECSService is what rules may ask of a service.
type ECSService struct {
	Daemon  bool  `json:"daemon"`  // it runs one task on each instance of the cluster
	Desired int64 `json:"desired"` // how many tasks it is to run
	Zones   int64 `json:"zones"`   // in how many Availability Zones its tasks run now
	Edge    bool  `json:"edge"`    // a task runs on a machine of one's own, or in a Local or Wavelength Zone

	OwnInterfaces bool `json:"own_interfaces"` // its tasks have network interfaces of their own (awsvpc), not those of an instance
	PublicIP      bool `json:"public_ip"`      // these get public IPv4 addresses
}

var ecsServices = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ECS::Service",
		Service: "ecs",
		Doc:     ECSService{},
		Calls: []scanners.Call{
			{Op: "ecs:ListClusters"},
			{Op: "ecs:ListServices"},
			{Op: "ecs:DescribeServices"},
			{Op: "ecs:ListTasks", For: taskFields},
			{Op: "ecs:DescribeTasks", For: taskFields},
		},
		Console: scanners.Console{Path: "/ecs/v2/clusters?region={region}"},
	},
	Scan: scanECSServices,
}

// taskFields are the fields that the running tasks of a service give.
var taskFields = []string{"zones", "edge"}

func scanECSServices(ctx context.Context, p *engine.Place) error {
	pages := ecs.NewListClustersPaginator(ecsClient(p), &ecs.ListClustersInput{MaxResults: aws.Int32(100)})
	return engine.EachPage(ctx, pages, func(page *ecs.ListClustersOutput) error {
		for _, cluster := range page.ClusterArns {
			if err := scanECSCluster(ctx, p, cluster); err != nil {
				return err
			}
		}
		return nil
	})
}

// scanECSCluster emits the services of a cluster. Those of one that is deleted
// meanwhile are gone with it.
func scanECSCluster(ctx context.Context, p *engine.Place, cluster string) error {
	pages := ecs.NewListServicesPaginator(ecsClient(p), &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100)})
	return engine.NotConfigured(engine.EachPage(ctx, pages, func(page *ecs.ListServicesOutput) error {
		for batch := range slices.Chunk(page.ServiceArns, 10) { // as many as one call takes
			if err := describeECSServices(ctx, p, cluster, batch); err != nil {
				return err
			}
		}
		return nil
	}), "ClusterNotFoundException")
}

var errService error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a service that is listed is not described"}

func describeECSServices(ctx context.Context, p *engine.Place, cluster string, arns []string) error {
	out, err := ecsClient(p).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: arns, Include: []types.ServiceField{types.ServiceFieldTags}})
	if err != nil {
		return err
	}
	err = engine.Each(ctx, p, out.Services, func(ctx context.Context, p *engine.Place, service types.Service) {
		readECSService(ctx, p, cluster, service)
	})
	if undescribed(len(arns), len(out.Services), out.Failures) {
		err = cmp.Or(err, engine.Malformed("ecs:DescribeServices", errService))
	}
	return err
}

func readECSService(ctx context.Context, p *engine.Place, cluster string, service types.Service) {
	const op = "ecs:DescribeServices"
	r := p.Read()
	// The SDK makes 0 of a count that is not there. An answer without a status is not believed to have one.
	if status := word(r, aws.ToString(service.Status), op, "desired"); status == "DRAINING" || status == "INACTIVE" {
		return // still listed for a while, but gone
	}
	doc := ECSService{
		Daemon:  choice(r, service.SchedulingStrategy, op, "daemon") == types.SchedulingStrategyDaemon,
		Desired: int64(service.DesiredCount),
	}
	readECSNetwork(r, service, &doc)
	if r.Wants(taskFields...) && !doc.Daemon && doc.Desired > 0 {
		tasks, err := ecsTasks(ctx, p, cluster)
		if r.Got(err, taskFields...) {
			doc.Zones, doc.Edge = ecsZones(p, tasks["service:"+aws.ToString(service.ServiceName)])
		}
	}
	doc.Edge = doc.Edge || service.LaunchType == types.LaunchTypeExternal
	tags := engine.Tags(service.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(service.ServiceArn), aws.ToString(service.ServiceName), tags, &doc)
}

// readECSNetwork reads the network of the tasks: the service's own or, where something
// else deploys it, that of its task sets.
func readECSNetwork(r *engine.Reading, service types.Service, doc *ECSService) {
	networks := []*types.NetworkConfiguration{service.NetworkConfiguration}
	for _, set := range service.TaskSets {
		networks = append(networks, set.NetworkConfiguration)
	}
	for _, network := range networks {
		if network == nil || network.AwsvpcConfiguration == nil {
			continue
		}
		doc.OwnInterfaces = true
		if choice(r, network.AwsvpcConfiguration.AssignPublicIp, "ecs:DescribeServices", "public_ip") == types.AssignPublicIpEnabled {
			doc.PublicIP = true
		}
	}
}

// ecsZones returns in how many zones tasks run, and whether one runs outside of them.
func ecsZones(p *engine.Place, tasks []types.Task) (zones int64, edge bool) {
	var names []string
	for _, task := range tasks {
		zone := aws.ToString(task.AvailabilityZone)
		edge = edge || task.LaunchType == types.LaunchTypeExternal || zone != "" && !isZone(p, zone)
		names = append(names, zone)
	}
	return countZones(p, names), edge
}

var errTask error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a task that is listed is not described, or not where it runs"}

// ecsTasks returns the running tasks of a cluster by what they are a part of
// ("service:web"), asked once.
func ecsTasks(ctx context.Context, p *engine.Place, cluster string) (map[string][]types.Task, error) {
	return engine.Once(p, "tasks of "+cluster, func() (map[string][]types.Task, error) {
		found := map[string][]types.Task{}
		pages := ecs.NewListTasksPaginator(ecsClient(p), &ecs.ListTasksInput{Cluster: &cluster, DesiredStatus: types.DesiredStatusRunning, MaxResults: aws.Int32(100)})
		err := engine.EachPage(ctx, pages, func(page *ecs.ListTasksOutput) error {
			if len(page.TaskArns) == 0 {
				return nil
			}
			out, err := ecsClient(p).DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: page.TaskArns})
			if err != nil {
				return err
			}
			for _, task := range out.Tasks {
				if aws.ToString(task.LastStatus) != "RUNNING" {
					continue
				}
				if aws.ToString(task.Group) == "" || aws.ToString(task.AvailabilityZone) == "" && task.LaunchType != types.LaunchTypeExternal {
					return engine.Malformed("ecs:DescribeTasks", errTask)
				}
				found[*task.Group] = append(found[*task.Group], task)
			}
			if undescribed(len(page.TaskArns), len(out.Tasks), out.Failures) {
				return engine.Malformed("ecs:DescribeTasks", errTask)
			}
			return nil
		})
		return found, err
	})
}

// undescribed reports whether some of what was asked for is missing that did not
// just end.
func undescribed(asked, described int, failures []types.Failure) bool {
	for _, failure := range failures {
		if aws.ToString(failure.Reason) == "MISSING" {
			described++
		}
	}
	return described < asked
}
