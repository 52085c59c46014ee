# On a terminal: notes each line that is typed in the folder $1, and then says so. `bye` with a code ends it.
note=$1/$OVERMIND_MISSION_ID.$OVERMIND_RUN
stty -echo
echo $$ >>"$note.begun"
while IFS= read -r line; do
  case $line in
    bye*)
      echo "${line#bye }" >"$note.exit"
      exit "${line#bye }"
      ;;
  esac
  echo "$line" >>"$note.typed"
  echo "heard $line"
done
