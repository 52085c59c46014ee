# Notes to the microsecond when it is up, which takes bash, and lives on until it is killed.
echo "$1 $$ $EPOCHREALTIME" >>"$2/up"
exec sleep 100000
