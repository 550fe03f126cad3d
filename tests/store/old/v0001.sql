BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE event (
	id INTEGER NOT NULL, 
	person TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	what TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(person) REFERENCES person (id)
);
INSERT INTO "event" VALUES(1,'kim',1795435200000000,'plan added','');
INSERT INTO "event" VALUES(2,'maya',1795435200000000,'plan added','');
INSERT INTO "event" VALUES(3,'sam',1795435200000000,'plan added','');
INSERT INTO "event" VALUES(4,'sam',1795429860000000,'operator: act','');
INSERT INTO "event" VALUES(5,'sam',1795429860000000,'opted out','email: texted STOP');
INSERT INTO "event" VALUES(6,'kim',1795429860000000,'operator: pause','');
INSERT INTO "event" VALUES(7,'kim',1795429860000000,'paused','until 2026-11-28T12:00:00+00:00');
CREATE TABLE fact (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "fact" VALUES('first_start','2026-11-23T12:00:00+00:00');
CREATE TABLE message (
	line INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	occurrence BIGINT NOT NULL, 
	person TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	address TEXT NOT NULL, 
	text TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	segments INTEGER NOT NULL, 
	bank_key TEXT, 
	contact TEXT, 
	owner TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	code TEXT, 
	provider_id TEXT, 
	attempted_at INTEGER NOT NULL, 
	settled_at INTEGER, 
	FOREIGN KEY(person) REFERENCES person (id), 
	UNIQUE (id)
);
INSERT INTO "message" VALUES(1,'01a207a232809e4178fc5ffe1815b2d5',1,'maya','sms','+447700900123','A small rest nudge.','A small nudge',1,'key-rest',NULL,'here','sent','',NULL,'SM-01a207a232809e4178fc5ffe1815b2d5',1795424400000000,1795424400000000);
INSERT INTO "message" VALUES(2,'01a207bda9c0519903e57300ea307700',2,'maya','sms','+447700900123','A small rest nudge.','A small nudge',1,'key-rest',NULL,'here','unknown','it was ambiguous','21610',NULL,1795426200000000,1795426200000000);
INSERT INTO "message" VALUES(3,'01a207f498405728b467d24eb84165c9',4,'maya','sms','+447700900123','A small rest nudge.','A small nudge',1,'key-rest',NULL,'here','sent','',NULL,'SM-01a207f498405728b467d24eb84165c9',1795429800000000,1795429800000000);
INSERT INTO "message" VALUES(6,'01a207f582a0b7de201131fe54f642c0',11,'maya','sms','+447700900123','Again at two.','A small nudge',1,'key-',NULL,'here','sent','',NULL,'SM-01a207f582a0b7de201131fe54f642c0',1795429860000000,1795429860000000);
INSERT INTO "message" VALUES(9,'01a208100f8075d1ee2e678a3da90249',5,'maya','sms','+447700900123','A small rest nudge.','A small nudge',1,'key-rest',NULL,'here','sending','',NULL,NULL,1795431600000000,NULL);
CREATE TABLE occurrence (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	person TEXT NOT NULL, 
	local_date DATE NOT NULL, 
	nudge TEXT NOT NULL, 
	slot BIGINT NOT NULL, 
	round INTEGER NOT NULL, 
	kind TEXT, 
	origin TEXT NOT NULL, 
	due_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	wake_at INTEGER, 
	reason TEXT NOT NULL, 
	cancelled_by TEXT, 
	attempts INTEGER NOT NULL, 
	refused TEXT NOT NULL, 
	text TEXT, 
	channel TEXT, 
	via TEXT, 
	claimed_at INTEGER, 
	settled_at INTEGER, 
	outcome TEXT, 
	outcome_at INTEGER, 
	CONSTRAINT occurrence_planned_wakes CHECK ((state = 'planned') = (wake_at IS NOT NULL)), 
	FOREIGN KEY(person) REFERENCES person (id), 
	CONSTRAINT occurrence_identity UNIQUE (person, local_date, nudge, slot, round)
);
INSERT INTO "occurrence" VALUES(1,'maya','2026-11-23','rest',1,0,'rest','fixed',1795424400000000,1795426200000000,'sent',NULL,'',NULL,0,'',NULL,NULL,'sms',1795424400000000,1795424400000000,NULL,NULL);
INSERT INTO "occurrence" VALUES(2,'maya','2026-11-23','rest',2,0,'rest','fixed',1795426200000000,1795428000000000,'unknown',NULL,'it was ambiguous',NULL,0,'',NULL,NULL,'sms',1795426200000000,1795426200000000,NULL,NULL);
INSERT INTO "occurrence" VALUES(3,'maya','2026-11-23','rest',3,0,'rest','fixed',1795428000000000,1795429800000000,'suppressed',NULL,'quiet hours',NULL,0,'',NULL,NULL,NULL,NULL,1795428000000000,NULL,NULL);
INSERT INTO "occurrence" VALUES(4,'maya','2026-11-23','rest',4,0,'rest','fixed',1795429800000000,1795431600000000,'sent',NULL,'',NULL,0,'',NULL,NULL,'sms',1795429800000000,1795429800000000,'snoozed',1795429860000000);
INSERT INTO "occurrence" VALUES(5,'maya','2026-11-23','rest',5,0,'rest','fixed',1795431600000000,1795433400000000,'sending',NULL,'',NULL,0,'',NULL,NULL,'sms',1795431600000000,NULL,NULL,NULL);
INSERT INTO "occurrence" VALUES(6,'maya','2026-11-23','rest',6,0,'rest','fixed',1795433400000000,1795435200000000,'planned',1795433400000000,'',NULL,0,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "occurrence" VALUES(7,'maya','2026-11-23','rest',7,0,'rest','fixed',1795435200000000,1795437000000000,'planned',1795435200000000,'',NULL,0,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "occurrence" VALUES(8,'sam','2026-11-23','rest',1,0,'rest','fixed',1795438800000000,1795440600000000,'cancelled',NULL,'opted out','opt-out',0,'',NULL,NULL,NULL,NULL,1795429860000000,NULL,NULL);
INSERT INTO "occurrence" VALUES(9,'kim','2026-11-23','rest',1,0,'rest','fixed',1795438800000000,1795440600000000,'planned',1795438800000000,'',NULL,0,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "occurrence" VALUES(10,'maya','2026-11-23','rest',4,1,'rest','snoozed',1795442400000000,1795444200000000,'planned',1795442400000000,'',NULL,0,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "occurrence" VALUES(11,'maya','2026-11-23','',5,0,NULL,'answer',1795429860000000,1795433460000000,'sent',NULL,'',NULL,0,'','Again at two.','sms','sms',1795429860000000,1795429860000000,NULL,NULL);
CREATE TABLE person (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	paused_at INTEGER, 
	paused_until INTEGER, 
	removed_at INTEGER, 
	held_at INTEGER, 
	opted_out TEXT NOT NULL, 
	consented TEXT NOT NULL, 
	history TEXT NOT NULL, 
	history_before TEXT, 
	history_at INTEGER, 
	laid_out_through DATE, 
	layout_at INTEGER, 
	layout_afresh BOOLEAN NOT NULL, 
	layout_version INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "person" VALUES('kim','Kim','e832d336bc93a1bb8c4c44555831173a2ca9ff4074f8988329fe5375ce29c7c9',1795429860000000,1795867200000000,NULL,NULL,'','email','{"on":null,"sent":0,"last_at":null,"recent":{},"contacted":{}}',NULL,NULL,'2026-11-24',1795521600000000,0,0);
INSERT INTO "person" VALUES('maya','Maya','af312f2bb0103e6fb036dc3ab1d8205e14a154609cc56b8e0da7ab8233cc3d2c',NULL,NULL,NULL,NULL,'','email sms','{"on":"2026-11-23","sent":3,"last_at":"2026-11-23T11:00:00Z","recent":{"rest":["key-rest"]},"contacted":{}}','{"on":"2026-11-23","sent":2,"last_at":"2026-11-23T10:30:00Z","recent":{"rest":["key-rest"]},"contacted":{}}',1795431600000000,'2026-11-24',1795521600000000,0,0);
INSERT INTO "person" VALUES('sam','Sam','668d0d1d00c0406773831002f536675877a8b43cc34adb34f2ce172940c8adfb',NULL,NULL,NULL,NULL,'email','email','{"on":null,"sent":0,"last_at":null,"recent":{},"contacted":{}}',NULL,NULL,'2026-11-24',1795521600000000,0,0);
CREATE TABLE "plan" (
	person TEXT NOT NULL, 
	file TEXT NOT NULL, 
	json TEXT NOT NULL, 
	nudges TEXT NOT NULL, 
	PRIMARY KEY (person), 
	FOREIGN KEY(person) REFERENCES person (id)
);
INSERT INTO "plan" VALUES('kim','plans/kim.toml','{"person":"kim","name":"Kim","timezone":"Europe/London","language":"en","country":null,"phone":null,"email":"kim@example.org","channels":["email"],"quiet":{"start":"20:00:00","end":"09:00:00"},"daily_limit":3,"gap":"PT2H","consent":"2026-11-20, in person","if_then":null,"nudges":[],"contacts":[]}','[{"id":"rest","kind":"rest","when":{"times":["13:00:00"]},"dates":{"weekdays":[0,1,2,3,4,5,6]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]},{"id":"stretch","kind":"movement","when":{"window":{"start":"10:00:00","end":"17:00:00"},"times":2},"dates":{"weekdays":[0,1,2,3,4]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]}]');
INSERT INTO "plan" VALUES('maya','plans/maya.toml','{"person":"maya","name":"Maya","timezone":"Europe/London","language":"en","country":null,"phone":"+447700900123","email":"maya@example.org","channels":["sms","email"],"quiet":{"start":"20:00:00","end":"09:00:00"},"daily_limit":3,"gap":"PT2H","consent":"2026-11-20, in person","if_then":null,"nudges":[],"contacts":[]}','[{"id":"rest","kind":"rest","when":{"times":["13:00:00"]},"dates":{"weekdays":[0,1,2,3,4,5,6]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]},{"id":"stretch","kind":"movement","when":{"window":{"start":"10:00:00","end":"17:00:00"},"times":2},"dates":{"weekdays":[0,1,2,3,4]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]}]');
INSERT INTO "plan" VALUES('sam','plans/sam.toml','{"person":"sam","name":"Sam","timezone":"Europe/London","language":"en","country":null,"phone":null,"email":"sam@example.org","channels":["email"],"quiet":{"start":"20:00:00","end":"09:00:00"},"daily_limit":3,"gap":"PT2H","consent":"2026-11-20, in person","if_then":null,"nudges":[],"contacts":[]}','[{"id":"rest","kind":"rest","when":{"times":["13:00:00"]},"dates":{"weekdays":[0,1,2,3,4,5,6]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]},{"id":"stretch","kind":"movement","when":{"window":{"start":"10:00:00","end":"17:00:00"},"times":2},"dates":{"weekdays":[0,1,2,3,4]},"starts":null,"ends":null,"message":null,"template":null,"contacts":[],"expires":"PT30M","snooze":"PT1H","channels":[]}]');
CREATE TABLE plan_problem (
	id INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	"column" INTEGER NOT NULL, 
	"where" TEXT NOT NULL, 
	message TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "plan_problem" VALUES(1,'plans/lee.toml',3,9,'phone','is missing','','error');
CREATE TABLE reach (
	person TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	address TEXT, 
	consented_at INTEGER, 
	consent_how TEXT, 
	opted_out_at INTEGER, 
	opted_out_how TEXT, 
	PRIMARY KEY (person, channel), 
	FOREIGN KEY(person) REFERENCES person (id)
);
INSERT INTO "reach" VALUES('kim','email','kim@example.org',1795435200000000,'plan: 2026-11-20, in person',NULL,NULL);
INSERT INTO "reach" VALUES('maya','sms','+447700900123',1795435200000000,'plan: 2026-11-20, in person',NULL,NULL);
INSERT INTO "reach" VALUES('maya','email','maya@example.org',1795435200000000,'plan: 2026-11-20, in person',NULL,NULL);
INSERT INTO "reach" VALUES('sam','email','sam@example.org',1795435200000000,'plan: 2026-11-20, in person',1795429860000000,'texted STOP');
CREATE TABLE reply (
	line INTEGER NOT NULL, 
	provider_id TEXT NOT NULL, 
	person TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	address TEXT NOT NULL, 
	text TEXT NOT NULL, 
	received_at INTEGER NOT NULL, 
	intent TEXT NOT NULL, 
	until INTEGER, 
	occurrence BIGINT, 
	PRIMARY KEY (line), 
	FOREIGN KEY(person) REFERENCES person (id), 
	UNIQUE (provider_id)
);
INSERT INTO "reply" VALUES(4,'IN1','maya','sms','+447700900123','text 1',1795429800000000,'tested',NULL,4);
INSERT INTO "reply" VALUES(5,'IN2','maya','sms','+447700900123','text 2',1795429860000000,'tested',NULL,4);
CREATE INDEX person_layout ON person (layout_at);
CREATE INDEX reach_address ON reach (address, channel);
CREATE INDEX occurrence_due ON occurrence (due_at);
CREATE INDEX occurrence_person_wake ON occurrence (person, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX occurrence_wake ON occurrence (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX message_open ON message (state, owner) WHERE state = 'sending' OR state = 'unknown';
CREATE INDEX message_person ON message (person, line);
CREATE INDEX reply_person ON reply (person, line);
CREATE INDEX event_person ON event (person, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('message',9);
INSERT INTO "sqlite_sequence" VALUES('occurrence',11);
COMMIT;
