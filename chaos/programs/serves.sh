# Notes in the folder $1 which version it is, and stays.
echo "$2" >>"$1/$OVERMIND_MISSION_ID.$OVERMIND_RUN.serves"
exec sleep 100000
