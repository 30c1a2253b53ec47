package cloud

// Command is what the command line says of a cloud and takes for it.
type Command struct {
	Flags []Flag

	Scan, Doctor, Permissions Help

	// Unit is what an estimate counts calls for: "account".
	Unit string
	// Regions is how many regions are enabled in a target in which nobody
	// enabled or disabled any; 0: the cloud is not read by region.
	Regions int
	// Shared says that one pass reads all targets.
	Shared bool
}

// Help is the help of a command.
type Help struct {
	Short   string
	Long    string
	Example string
}

// Flag is a flag of the commands that read the cloud. Package main makes a
// flag of the command line of it.
type Flag struct {
	Name  string
	Usage string // the word for the value is between backquotes
	Takes Takes
	// ScanOnly leaves the flag to scans: who tries permissions cannot use it.
	ScanOnly bool
}

// Takes says what a flag takes.
type Takes int

// What flags take.
const (
	OneValue Takes = iota
	Values         // several, with commas between or by repeating the flag
	Files          // several files, by repeating the flag
	Nothing        // it is given or not
)

// Role is how a provider takes the permissions that a scan needs.
type Role struct {
	Formats []string              // "json" and "yaml", the usual one first
	Denies  bool                  // it also denies reads of data, with exceptions
	Make    func(Permissions) any // in the provider's own form, by its fields with json and yaml tags
}

// Permissions are what a role is made of.
type Permissions struct {
	Allowed []string // what reading the services takes
	All     []string // what reading all services takes
	Except  []string // reads of data that are not to be denied
}
