package services

import (
	"strings"
	"time"

	"posture/scanners/azure/engine"
)

// supportEnds are the last days on which versions get security fixes. A version
// that is not here is not judged.
//
// Runtimes: learn.microsoft.com/azure/azure-functions/supported-languages and
// learn.microsoft.com/azure/app-service/language-support-policy, which follow
// the languages' own calendars (devguide.python.org/versions, nodejs.org/about/releases,
// dotnet.microsoft.com/platform/support/policy, php.net/supported-versions,
// learn.microsoft.com/java/openjdk/support, learn.microsoft.com/powershell/scripting/install/powershell-support-lifecycle),
// as of the middle of 2026.
//
// Kubernetes: learn.microsoft.com/azure/aks/supported-kubernetes-versions, as of
// September 2026, which means the last day of a month where it names no day.
var supportEnds = map[string]string{
	"dotnet 2.1": "2021-08-21", "dotnet 3.1": "2022-12-13", "dotnet 5.0": "2022-05-10", "dotnet 6.0": "2024-11-12",
	"dotnet 7.0": "2024-05-14", "dotnet 8.0": "2026-11-10", "dotnet 9.0": "2026-11-10", "dotnet 10.0": "2028-11-14",

	"node 8": "2019-12-31", "node 10": "2021-04-30", "node 12": "2022-04-30", "node 14": "2023-04-30", "node 16": "2023-09-11",
	"node 18": "2025-04-30", "node 20": "2026-04-30", "node 22": "2027-04-30", "node 24": "2028-04-30",

	"python 2.7": "2020-01-01", "python 3.6": "2021-12-23", "python 3.7": "2023-06-27", "python 3.8": "2024-10-07",
	"python 3.9": "2025-10-31", "python 3.10": "2026-10-31", "python 3.11": "2027-10-31", "python 3.12": "2028-10-31",
	"python 3.13": "2029-10-31", "python 3.14": "2030-10-31",

	"php 5.6": "2018-12-31", "php 7.2": "2020-11-30", "php 7.3": "2021-12-06", "php 7.4": "2022-11-28", "php 8.0": "2023-11-26",
	"php 8.1": "2025-12-31", "php 8.2": "2026-12-31", "php 8.3": "2027-12-31", "php 8.4": "2028-12-31", "php 8.5": "2029-12-31",

	"java 11": "2027-09-30", "java 17": "2027-09-30", "java 21": "2028-09-30",

	"powershell 7.0": "2022-12-03", "powershell 7.2": "2024-11-08", "powershell 7.4": "2026-11-10",

	"ruby 2.6": "2022-04-12", "ruby 2.7": "2023-03-31",

	"kubernetes 1.24": "2023-07-31", "kubernetes 1.25": "2024-01-14", "kubernetes 1.26": "2024-03-31", "kubernetes 1.27": "2024-07-31",
	"kubernetes 1.28": "2025-01-31", "kubernetes 1.29": "2025-03-31", "kubernetes 1.30": "2025-08-22", "kubernetes 1.31": "2025-11-01",
	"kubernetes 1.32": "2026-03-31", "kubernetes 1.33": "2026-07-31", "kubernetes 1.34": "2026-11-30", "kubernetes 1.35": "2027-03-31",
	"kubernetes 1.36": "2027-06-30", "kubernetes 1.37": "2027-10-31",

	"kubernetes 1.27 long-term": "2025-07-31", "kubernetes 1.28 long-term": "2026-02-28", "kubernetes 1.29 long-term": "2026-04-30",
	"kubernetes 1.30 long-term": "2026-07-31", "kubernetes 1.31 long-term": "2026-11-30", "kubernetes 1.32 long-term": "2027-03-31",
	"kubernetes 1.33 long-term": "2027-07-31", "kubernetes 1.34 long-term": "2027-11-30", "kubernetes 1.35 long-term": "2028-03-31",
	"kubernetes 1.36 long-term": "2028-06-30", "kubernetes 1.37 long-term": "2028-10-31",
}

// supportEnd returns from when a version gets no more security fixes. Of one
// that is not known it marks the fields.
func supportEnd(r *engine.Reading, version string, fields ...string) time.Time {
	end, err := time.Parse(time.DateOnly, supportEnds[version])
	if err != nil {
		name, _, _ := strings.Cut(version, " ")
		r.Strange("version of "+name, fields...)
		return time.Time{}
	}
	return end.AddDate(0, 0, 1)
}
