-- What follows the # in the address of a visitor's page is the website's own affair, and often a token.

UPDATE conversations SET page_url = substr(page_url, 1, instr(page_url, '#') - 1) WHERE instr(page_url, '#') > 0;
UPDATE conversations SET referrer = substr(referrer, 1, instr(referrer, '#') - 1) WHERE instr(referrer, '#') > 0;
UPDATE leads SET page_url = substr(page_url, 1, instr(page_url, '#') - 1) WHERE instr(page_url, '#') > 0;
UPDATE installations SET page_url = substr(page_url, 1, instr(page_url, '#') - 1) WHERE instr(page_url, '#') > 0;
