package services

import (
	"regexp"
	"strings"

	"posture/scanners/azure/engine"
)

// webStack is what runs the code of a site. On Windows most of it is among the
// app's settings, which are secrets and not read.
type webStack struct {
	LinuxFxVersion      string // "PYTHON|3.11", "TOMCAT|9.0-java11", "DOCKER|image"
	WindowsFxVersion    string // "DOCKER|image"
	NetFrameworkVersion string // "v4.0" also where the app is no .NET
	JavaVersion         string // "1.8", "11", "17.0.4"
	PowerShellVersion   string
}

// readRuntime reads what runs the code, and from when it gets no more security
// fixes.
func readRuntime(r *engine.Reading, data webAppData, stack webStack, doc *WebApp) {
	own, language, version := stack.runtime(data)
	doc.OwnRuntime = own
	switch {
	case own:
	case language == "":
		r.Absent("read "+r.Type, "runtime", "runtime_end")
	default:
		doc.Runtime = language + " " + version
		doc.RuntimeEnd = supportEnd(r, doc.Runtime, "runtime_end")
	}
}

// runtime returns whether the app brings its own runtime, and the language and
// its version, which are empty where Azure does not say.
func (s webStack) runtime(data webAppData) (own bool, language, version string) {
	kind, image, _ := strings.Cut(s.LinuxFxVersion+s.WindowsFxVersion, "|")
	given := data.Properties.FunctionAppConfig.Runtime
	net := strings.TrimPrefix(strings.ToLower(s.NetFrameworkVersion), "v")
	function := strings.Contains(strings.ToLower(data.Kind), "functionapp")
	switch {
	case given.Name != "":
		language, version = runtimeVersion(given.Name, given.Version)
		return strings.EqualFold(given.Name, "custom"), language, version
	case strings.EqualFold(kind, "docker"), strings.EqualFold(kind, "compose"), strings.EqualFold(kind, "kube"), strings.EqualFold(kind, "sitecontainers"):
		return true, "", ""
	case kind != "":
		language, version = runtimeVersion(kind, image)
	case data.Properties.Reserved:
	case s.PowerShellVersion != "":
		language, version = runtimeVersion("powershell", s.PowerShellVersion)
	case s.JavaVersion != "":
		language, version = runtimeVersion("java", strings.TrimPrefix(s.JavaVersion, "1."))
	case net != "" && !strings.HasPrefix(net, "4") && !strings.HasPrefix(net, "2") && !function: // of function apps it is the host's
		language, version = runtimeVersion("dotnet", net)
	}
	return false, language, version
}

// javaOf finds the Java of a server, "java11" in "9.0-java11".
var javaOf = regexp.MustCompile(`(?i)(?:java|jre)(\d+)$`)

// runtimeVersion returns the names that supportEnds has for a runtime.
func runtimeVersion(kind, version string) (language, short string) {
	numbers := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(version), "~"), "-lts"), ".")
	major, minor := numbers[0], strings.Join(numbers[:min(2, len(numbers))], ".")
	switch kind = strings.ToLower(kind); kind {
	case "dotnet", "dotnetcore", "dotnet-isolated":
		if len(numbers) == 1 {
			minor = major + ".0"
		}
		return "dotnet", minor
	case "node":
		return "node", major
	case "java", "tomcat", "jbosseap":
		if found := javaOf.FindStringSubmatch(version); found != nil {
			return "java", found[1]
		}
		if kind == "java" {
			return "java", major
		}
		return "java", ""
	default:
		return kind, minor
	}
}
