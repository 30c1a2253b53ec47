package iampolicy

import (
	"slices"
	"strings"
)

// Grants is what a principal may do that matters.
type Grants struct {
	Everything       bool        // all actions on all resources, or all of IAM and with it the rest
	EverythingBy     []Statement // that allow it
	WholeServices    []string    // services whose every action is allowed on all resources, sorted; of those that only a wildcard names, the ones that hold data or rights; none of these with Everything
	WholeServicesBy  []Giving    // the statements that allow them
	DecryptsAnyKey   bool        // kms:Decrypt or kms:ReEncryptFrom on every key of a region
	DecryptsAnyKeyBy []Statement // that allow it
	StopsAuditing    []string    // allowed actions that stop or delete CloudTrail, Config or GuardDuty
	StopsAuditingBy  []Giving    // the statements that allow them
	Escalates        []Way       // ways to more permissions
	Borrows          []Way       // ways to the permissions of something that is there already, on all of its kind
	Unsure           []string    // fields of the above, by name, that may say too little
}

// Way is a published way to more permissions.
type Way struct {
	ID     string   // name of the way in its source
	Needs  []string // the actions, which are all allowed
	Source string   // page that describes it
	By     []Giving // the statements that allow the actions
}

// String names the actions.
func (w Way) String() string { return strings.Join(w.Needs, " and ") }

// stopping holds the actions after which an account is no longer watched.
var stopping = []string{
	"cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
	"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
	"guardduty:DeleteDetector", "guardduty:UpdateDetector",
}

// weighty holds services that hold data or rights, or run code.
var weighty = []string{
	"autoscaling", "backup", "cloudformation", "cloudtrail", "cloudwatch", "cognito-idp", "config", "dynamodb", "ec2", "ecr", "ecs",
	"eks", "elasticache", "elasticfilesystem", "elasticloadbalancing", "es", "events", "glue", "guardduty", "iam", "kinesis", "kms",
	"lambda", "logs", "organizations", "rds", "redshift", "route53", "s3", "sagemaker", "secretsmanager", "sns", "sqs", "ssm", "states", "sts",
}

// Grants says what the principal may do, by all its policies together.
func (p Principal) Grants(a AccountRef) Grants {
	i := p.in(a)
	var g Grants
	g.Escalates = g.walk(i, "Escalates", overOthers, overItself, passesRole)
	g.Borrows = g.walk(i, "Borrows", borrows)
	everything := i.administers(g.Escalates)
	g.Everything, g.EverythingBy = g.sure("Everything", everything.answer), everything.statements()
	g.services(i)
	decrypts := i.onAll(wanted("kms:Decrypt")).or(i.onAll(wanted("kms:ReEncryptFrom")))
	g.DecryptsAnyKey, g.DecryptsAnyKeyBy = g.sure("DecryptsAnyKey", decrypts.answer), decrypts.statements()
	var by givings
	for _, action := range stopping {
		if got := i.onSome(wanted(action)); g.sure("StopsAuditing", got.answer) {
			g.StopsAuditing = append(g.StopsAuditing, action)
			by.add(action, got.statements())
		}
	}
	g.StopsAuditingBy, g.Unsure = by, sorted(g.Unsure)
	return g
}

// sure notes in which field an answer is missing.
func (g *Grants) sure(field string, got answer) bool {
	if got == unsure {
		g.Unsure = append(g.Unsure, field)
	}
	return got == yes
}

// administers answers whether all of IAM is allowed on users, groups, roles
// and policies, and some way to more permissions by IAM alone is left.
func (i identity) administers(left []Way) found {
	alone := slices.ContainsFunc(left, func(w Way) bool {
		return !slices.ContainsFunc(w.Needs, func(action string) bool {
			return action == "iam:PassRole" || !strings.HasPrefix(action, "iam:")
		})
	})
	if !alone {
		return found{}
	}
	return i.every(func(l layer) found {
		got := found{answer: yes}
		for _, resource := range []string{"user/*", "group/*", "role/*", "policy/*"} {
			got = got.and(l.allIAM("arn:"+i.account.partition()+":iam::"+i.account.ID+":"+resource, i.account))
		}
		return got
	})
}

// allIAM answers whether the layer allows all of IAM on the target.
func (l layer) allIAM(target string, a AccountRef) found {
	var got found
	for _, s := range l.allows {
		if s.speaksOfAll("iam:*") && s.spansNearly(target) {
			got = got.or(s.decided(wanted("iam:AttachRolePolicy").kept(s.conditions, a)))
		}
	}
	return got
}

// walk returns the ways of some kinds that are open, without those that need
// more than another one does.
func (g *Grants) walk(i identity, field string, kinds ...kind) []Way {
	var open []Way
	for _, w := range ways {
		if !slices.Contains(kinds, w.kind) {
			continue
		}
		if got, by := w.openTo(i); g.sure(field, got) {
			open = append(open, Way{w.id, w.needs, w.source, by})
		}
	}
	return withoutLonger(open)
}

// withoutLonger drops the ways that need more than another one does.
func withoutLonger(open []Way) []Way {
	return slices.DeleteFunc(slices.Clone(open), func(w Way) bool {
		return slices.ContainsFunc(open, func(shorter Way) bool { return len(shorter.Needs) < len(w.Needs) && contains(w.Needs, shorter.Needs) })
	})
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(text string) bool { return !slices.Contains(all, text) })
}

// openTo answers whether a principal can go the way.
func (w way) openTo(i identity) (got answer, by []Giving) {
	return w.needing(func(action string) found {
		asked := wanted(action, w.passes...)
		switch {
		case w.kind == passesRole && action != "iam:PassRole":
			return i.onSome(asked)
		case w.kind == overItself:
			return i.onAll(asked).or(i.onItself(asked))
		default:
			return i.onAll(asked)
		}
	})
}

// needing answers whether each action of the way is allowed, and by what.
func (w way) needing(ask func(action string) found) (got answer, by []Giving) {
	var given givings
	got = yes
	for _, action := range w.needs {
		one := ask(action)
		if got = min(got, one.answer); got == no {
			return no, nil
		}
		given.add(action, one.statements())
	}
	return got, given
}

// services finds the services that are allowed whole.
func (g *Grants) services(i identity) {
	var names []string
	var by givings
	for _, s := range i.layers[0].allows {
		for _, pattern := range s.action {
			if service, actions, _ := strings.Cut(pattern, ":"); actions == "*" && !open(service) {
				names = append(names, service)
			}
		}
	}
	if !g.Everything {
		names = append(names, weighty...)
	}
	for _, name := range sorted(names) {
		if got := i.onAll(wanted(name + ":*")); g.sure("WholeServices", got.answer) {
			g.WholeServices = append(g.WholeServices, name)
			by.add(name, got.statements())
		}
	}
	g.WholeServicesBy = by
}
