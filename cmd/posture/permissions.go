package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"posture/internal/cloud"
)

func newPermissions(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "permissions",
		Short: "Print the least privileges that a scan needs",
	})
	for _, c := range world.clouds {
		cmd.AddCommand(newPermissionsOf(world, c))
	}
	return cmd
}

// permissions is one posture permissions.
type permissions struct {
	common
	cloudFlags
	except   []string
	template string
	write    bool
}

func newPermissionsOf(world *streams, c cloud.Cloud) *cobra.Command {
	p := &permissions{common: common{world: world}, cloudFlags: cloudFlags{cloud: c}}
	help := c.Command.Permissions
	cmd := &cobra.Command{
		Use: c.Name, Short: help.Short, Long: help.Long + aboutTemplates(c), Example: help.Example,
		Args: noWords,
		RunE: func(*cobra.Command, []string) error {
			if p.template != "" {
				return p.inTemplate()
			}
			return p.print()
		},
	}
	p.addServices(cmd)
	p.addFormat(cmd, c.Role.Formats...)
	if c.Role.Denies {
		cmd.Flags().StringSliceVar(&p.except, "except", nil, "do not deny these `actions`")
	}
	cmd.Flags().StringVar(&p.template, "template", "", "compare with the policy in this `file`")
	cmd.Flags().BoolVar(&p.write, "write", false, "update the template instead")
	_ = cmd.MarkFlagFilename("template", "yaml")
	return cmd
}

// aboutTemplates says how a template holds what is printed.
func aboutTemplates(c cloud.Cloud) string {
	text := `

With --template the output is compared with the text between these lines of a file

  # ` + generatedBegin(c.Name) + `
  # ` + generatedEnd + `

A difference is an error; with --write the file is updated.`
	if c.Role.Denies {
		text += ` Flags may
follow the first line: --except names data that the role has to read for other
purposes, such as its own results.`
	}
	return text
}

// document returns the permissions in the provider's form.
func (p *permissions) document() any {
	return p.cloud.Role.Make(cloud.Permissions{
		Allowed: p.cloud.Permissions(p.services...), All: p.cloud.Permissions(), Except: p.except,
	})
}

// yaml returns the document as YAML, in the form that templates have.
func (p *permissions) yaml() ([]byte, error) {
	return yaml.Dump(p.document(), yaml.WithV4Defaults(), yaml.WithQuotePreference(yaml.QuoteDouble), yaml.WithCompactSeqIndent(false))
}

func (p *permissions) print() error {
	if p.format == "yaml" {
		text, err := p.yaml()
		if err == nil {
			_, err = p.world.out.Write(text)
		}
		return err
	}
	encoder := json.NewEncoder(p.world.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(p.document())
}
