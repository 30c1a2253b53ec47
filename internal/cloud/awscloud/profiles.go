package awscloud

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
)

// noProfile says that there is no such profile, and which there are.
func noProfile(name string) error {
	env, _ := awsconfig.NewEnvConfig() // what is wrong in it is told otherwise
	config, credentials := configFiles(env), credentialsFiles(env)
	known := profiles(config, credentials)
	if len(known) == 0 {
		return fmt.Errorf("there is no AWS profile %q, and no other in %s and %s: make it with aws configure sso --profile %s", name, config[0], credentials[0], name)
	}
	return fmt.Errorf("there is no AWS profile %q: pass --profile or set AWS_PROFILE to one of %s", name, strings.Join(known, ", "))
}

// profiles returns the names of the profiles in files of the AWS CLI. In its
// configuration each but the default one is called [profile NAME].
func profiles(config, credentials []string) []string {
	known := map[string]bool{}
	for _, section := range sections(config) {
		kind, name, named := strings.Cut(section, " ")
		switch {
		case section == "default":
			known[section] = true
		case named && kind == "profile":
			known[strings.Trim(strings.TrimSpace(name), `"'`)] = true
		}
	}
	for _, section := range sections(credentials) {
		known[section] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// sections returns what stands between brackets at the head of lines. A file
// that cannot be read has none.
func sections(files []string) []string {
	var names []string
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			if name, _, closed := strings.Cut(strings.TrimPrefix(lines.Text(), "["), "]"); closed && strings.HasPrefix(lines.Text(), "[") {
				names = append(names, strings.TrimSpace(name))
			}
		}
		_ = file.Close() // it was only read
	}
	return names
}
