package engine

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"posture/internal/posture"
)

// Root is what one pass over the inventory covers: an organization, a folder
// or a project, with everything below it.
type Root struct {
	kind string // organizations, folders or projects
	id   string
}

var (
	number    = regexp.MustCompile(`^[0-9]{1,20}$`)
	projectID = regexp.MustCompile(`^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
)

// InOrganization returns an organization as a root, given its number.
func InOrganization(id string) (Root, error) { return numbered("organizations", id) }

// InFolder returns a folder as a root, given its number.
func InFolder(id string) (Root, error) { return numbered("folders", id) }

// InProject returns a project as a root, given its id or its number.
func InProject(id string) (Root, error) {
	id = strings.TrimPrefix(id, "projects/")
	if !projectID.MatchString(id) && !number.MatchString(id) {
		return Root{}, fmt.Errorf("project %q: expected a project's id, as in my-project-123, or its number", id)
	}
	return Root{"projects", id}, nil
}

func numbered(kind, id string) (Root, error) {
	id = strings.TrimPrefix(id, kind+"/")
	if !number.MatchString(id) {
		return Root{}, fmt.Errorf("%s %q: expected its number, as in 123456789012", strings.TrimSuffix(kind, "s"), id)
	}
	return Root{kind, id}, nil
}

// String returns the scope as the API names it: "organizations/123".
func (s Root) String() string { return s.kind + "/" + s.id }

// role returns the command that grants the inventory's role on the scope.
func (s Root) role() string {
	command := map[string]string{
		"organizations": "gcloud organizations", "folders": "gcloud resource-manager folders", "projects": "gcloud projects",
	}[s.kind]
	return command + " add-iam-policy-binding " + s.id + " --member MEMBER --role roles/cloudasset.viewer"
}

// The types that make up the hierarchy.
const (
	TypeProject      = "cloudresourcemanager.googleapis.com/Project"
	TypeFolder       = "cloudresourcemanager.googleapis.com/Folder"
	TypeOrganization = "cloudresourcemanager.googleapis.com/Organization"
)

var hierarchy = []string{TypeProject, TypeFolder, TypeOrganization}

// isNode reports whether the type is one of the hierarchy.
func isNode(typ string) bool { return slices.Contains(hierarchy, typ) }

// Node is a project, a folder or an organization.
type Node struct {
	Key       string   // "projects/123"
	ID        string   // a project's id; a number for the rest
	name      string   // what people call it
	active    bool     // not about to be deleted
	Ancestors []string // keys, itself first, up to the organization
}

// Level returns what the node is: project, folder or organization.
func (n *Node) Level() string {
	kind, _, _ := strings.Cut(n.Key, "/")
	return strings.TrimSuffix(kind, "s")
}

// target returns the target that holds what belongs to the node itself.
func (n *Node) target() posture.Target {
	account := n.ID
	if n.Level() != "project" {
		account = n.Level() + "-" + LastOf(n.Key)
	}
	t := posture.Target{Provider: posture.GCP, Account: account}
	if n.name != account {
		t.Name = n.name
	}
	return t
}

// withID returns a name that begins with a project with that project's id in it,
// where it may have its number: "projects/my-project/topics/my-topic".
func (e *estate) withID(name string) string {
	kind, rest, _ := strings.Cut(name, "/")
	project, path, _ := strings.Cut(rest, "/")
	n := e.nodes["projects/"+project]
	if kind != "projects" || n == nil {
		return name
	}
	return "projects/" + n.ID + "/" + path
}

// nodeData is what the inventory holds of a node, in either version of the
// Resource Manager API.
type nodeData struct {
	ProjectID      string `json:"projectId"`
	ProjectNumber  Text   `json:"projectNumber"`
	Name           string `json:"name"` // v1: what people call a project; v2 and v3: the key
	DisplayName    string `json:"displayName"`
	LifecycleState string `json:"lifecycleState"` // v1 and v2
	State          string `json:"state"`          // v3
}

// newNode returns the node that an asset of the hierarchy describes.
func newNode(a *Asset) (*Node, error) {
	var data nodeData
	if err := a.decode(&data); err != nil {
		return nil, err
	}
	key := a.owner()
	n := &Node{Key: key, name: data.DisplayName, Ancestors: a.Ancestors}
	n.active = data.LifecycleState == "ACTIVE" || data.State == "ACTIVE"
	_, n.ID, _ = strings.Cut(key, "/")
	if id := cmp.Or(data.ProjectID, LastOf(a.Name)); strings.HasPrefix(key, "projects/") && id != "" {
		n.ID = id
	}
	if n.name == "" && data.Name != key {
		n.name = data.Name
	}
	return n, nil
}
