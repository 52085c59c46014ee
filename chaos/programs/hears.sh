# Answers each line that it reads, and notes it in the folder $1 before it does.
while IFS= read -r line; do
  echo "$line" >>"$1/$OVERMIND_MISSION_ID.heard"
  echo "heard $line"
done
