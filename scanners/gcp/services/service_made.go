package services

import (
	"regexp"
	"strings"

	"posture/scanners/gcp/engine"
)

// workerGroup matches the names of the groups in which Dataflow keeps the
// workers of a job: JOB-MMDDhhmm-XXXX-harness.
var workerGroup = regexp.MustCompile(`^.+-[0-9]{8}-[0-9a-z]{4}-harness$`)

// worker matches the names of the machines in them.
var worker = regexp.MustCompile(`^.+-[0-9]{8}-[0-9a-z]{4}-harness-[0-9a-z]{4}$`)

// dataflowWorker reports whether a name and labels are those of a worker of
// Dataflow, which makes it for a job and deletes it.
func dataflowWorker(name string, labels map[string]string) bool {
	return labels["dataflow_job_id"] != "" && worker.MatchString(name)
}

// workerDisk matches the names of the disks of such machines.
var workerDisk = regexp.MustCompile(`^.+-[0-9]{8}-[0-9a-z]{4}-harness-[0-9a-z]{4}(-[0-9a-z]+)*$`)

// serviceDisk reports whether a name and labels are those of a disk that a
// service of Google makes with a machine and deletes with it, also where it is
// no longer attached.
func serviceDisk(name string, labels map[string]string) bool {
	return serviceNode(name, labels) || labels["dataflow_job_id"] != "" && workerDisk.MatchString(name)
}

// flexible matches the names of the groups of App Engine's flexible environment
// and of their templates: aef-SERVICE-VERSION.
var flexible = regexp.MustCompile(`^aef-.+-[0-9]{8}t[0-9]{6}(-[0-9a-z]+)*$`)

// serviceNode reports whether a service of Google makes and deletes the machine.
func serviceNode(name string, labels map[string]string) bool {
	return gkeNode(name, labels) || dataprocNode(name, labels) || dataflowWorker(name, labels)
}

var vertexBucket = regexp.MustCompile(`^cloud-ai-platform-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// serviceBucket reports whether a service of Google made the bucket for its own
// needs in a project. Its names have the project's id or number in them, so
// that nobody else's bucket is taken for one; only Vertex AI's have neither.
func serviceBucket(name string, project *engine.Node) bool {
	id, number := project.ID, engine.LastOf(project.Key)
	for _, start := range []string{"gcf-sources-" + number + "-", "gcf-v2-sources-" + number + "-", "gcf-v2-uploads-" + number, "run-sources-" + id + "-"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	if name == id+"_cloudbuild" || strings.HasPrefix(name, id+"_") && strings.HasSuffix(name, "_cloudbuild") {
		return true
	}
	if name == "staging."+id+".appspot.com" || name == "artifacts."+id+".appspot.com" || strings.HasSuffix(name, ".artifacts."+id+".appspot.com") {
		return true
	}
	dataproc := strings.HasPrefix(name, "dataproc-staging-") || strings.HasPrefix(name, "dataproc-temp-")
	return dataproc && strings.Contains(name, "-"+number+"-") || vertexBucket.MatchString(name)
}
