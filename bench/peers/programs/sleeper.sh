# Notes that it is up, and lives on.
echo "$1 $$" >>"$2/up"
exec sleep 100000
