# Sourced by the checks of what not every package feed has.

# restore_where_possible WHAT PROJECT… restores the projects. Where the package feed lacks what that takes it names WHAT, and each package that is missing,
# and fails; any other trouble ends the script.
restore_where_possible() {
  local what=$1 log missing failed=false
  shift
  log=$(mktemp)
  for project in "$@"; do
    dotnet restore "$project" >>"$log" 2>&1 || failed=true
  done

  if [ "$failed" = false ]; then
    rm -f "$log"
    return 0
  fi

  missing=$(sed -nE \
    -e 's/.*error NU110[12]: Unable to find package ([A-Za-z0-9.]*[A-Za-z0-9])( with version \(>= ([^)]*)\))?.*/\1 \3/p' \
    -e 's/.*error NU1603: .* but ([^ ]+ [^ ]+) was not found.*/\1/p' "$log" | sed 's/ *$//' | sort -u)
  if [ -z "$missing" ] || grep -F 'error' "$log" | grep -qvE 'error (NU110[12]|NU1603):'; then
    cat "$log"
    rm -f "$log"
    exit 1
  fi

  rm -f "$log"
  printf '%s is not checked. The package feed lacks:\n%s\n' "$what" "$missing"
  return 1
}
